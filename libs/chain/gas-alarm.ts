/** Says of a key that it has no coins for gas: at once, then ever less often, as each sweep finds it. */
import type { Address } from '#encoding';
import type { Clock, Log } from '#environment';
import type { Refused } from './refusal-of.js';

const leastMs = 60_000;
const mostMs = 3_600_000;

export class GasAlarm {
  readonly #address: Address;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #log: Log;
  #everyMs = 0;
  #nextMs = 0;

  constructor(address: Address, clock: Pick<Clock, 'monotonicMs'>, log: Log) {
    this.#address = address;
    this.#clock = clock;
    this.#log = log;
  }

  /** The refusal of an act that the key cannot pay for; `neededWei` where it is known. */
  refusal(balanceWei: bigint, neededWei?: bigint): Refused {
    this.tell(balanceWei, neededWei);
    const needed = neededWei === undefined ? '' : `, ${neededWei} wei are needed`;
    const message = `${this.#address} has ${balanceWei} wei for gas${needed}: send coins to it`;
    return { code: 'operator-key-without-gas', message };
  }

  /** Says it unless it was said shortly before. */
  tell(balanceWei: bigint, neededWei?: bigint): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#nextMs) return;
    this.#everyMs = Math.min(mostMs, Math.max(leastMs, this.#everyMs * 2));
    this.#nextMs = nowMs + this.#everyMs;
    const said = { address: this.#address, balanceWei: String(balanceWei), neededWei: String(neededWei) };
    this.#log.error(said, 'a key has no coins for gas: nothing is posted with it until it gets some');
  }
}
