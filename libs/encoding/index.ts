export { type AbiValue, abiEncode, addressWord, bytes32Word, readWord, uintWord } from './abi.js';
export { compareBytes, concatBytes, equalBytes, isZero, u64BigEndian, utf8, viewOf } from './bytes.js';
export { decodeDagCbor, encodeDagCbor } from './dag-cbor.js';
export { type DecimalRefusal, parseScaledDecimal } from './decimal.js';
export {
  type Address,
  type Digest,
  fromHex,
  type Hex,
  type HexOf,
  isHexOf,
  type Signature,
  toHex,
} from './hex.js';
export { holdsMacro } from './macro.js';
