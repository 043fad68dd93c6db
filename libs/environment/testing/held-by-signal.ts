/** What hangs on a signal: on one that lives as long as its service nothing may stay behind. */
import { getEventListeners } from 'node:events';
import { types } from 'node:util';

/** Listeners, and signals that AbortSignal.any made of it. */
export function heldBySignal(signal: AbortSignal): number {
  const inside = Object.getOwnPropertySymbols(signal).map((name) => Reflect.get(signal, name) as unknown);
  // Node's own have no prototype to ask.
  const sizes = inside.filter(types.isSet).map((one) => [...Set.prototype.values.call(one)].length);
  return sizes.reduce((sum, size) => sum + size, getEventListeners(signal, 'abort').length);
}

/** Every signal that something is to follow from now on, until `stop`. */
export function followedSignals(): { readonly signals: Set<AbortSignal>; readonly stop: () => void } {
  const signals = new Set<AbortSignal>();
  const { any } = AbortSignal;
  const { addEventListener } = AbortSignal.prototype;
  AbortSignal.any = (sources) => {
    const followed = [...sources];
    for (const one of followed) signals.add(one);
    return any.call(AbortSignal, followed);
  };
  AbortSignal.prototype.addEventListener = function (this: AbortSignal, ...given: unknown[]) {
    signals.add(this);
    return Reflect.apply(addEventListener, this, given);
  };
  const stop = (): void => {
    AbortSignal.any = any;
    Reflect.deleteProperty(AbortSignal.prototype, 'addEventListener');
  };
  return { signals, stop };
}
