/** What `#crypto/primitives` means in every service; package.json names the portable ones for browsers. */
export { nativePrimitives as primitives } from './native-primitives.js';
