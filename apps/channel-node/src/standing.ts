/**
 * Whether the registry names this node as its participant's: what a node takes that could not be posted, or
 * whose receipts nobody would accept, is a promise that it cannot keep.
 */
import { type ReadinessReason, type Refusal, refuse } from '#api';
import { currentKeysOf } from '#block-watch';
import type { Chain, ParticipantKeys } from '#chain';
import { GasAlarm } from '#chain/gas-alarm';
import { type Address, fromHex, isZero } from '#encoding';
import { type Clock, type Log, messageOf } from '#environment';

export interface StandingOptions {
  readonly account: Address;
  /** Address of the key that the node signs receipts with and its collator posts parts with. */
  readonly operator: Address;
}

export interface StandingPorts {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly log: Log;
}

/** As of a height. */
interface Known {
  readonly asOf: number;
  /** Why nothing may be taken. */
  readonly refusal: Refusal | undefined;
  readonly hasRecordKey: boolean;
}

export class Standing {
  readonly #options: StandingOptions;
  readonly #ports: StandingPorts;
  readonly #gasAlarm: GasAlarm;
  #known: Known | undefined;
  #looking: Promise<Known> | undefined;

  constructor(options: StandingOptions, ports: StandingPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#gasAlarm = new GasAlarm(options.operator, ports.clock, ports.log);
  }

  /** Compares anew unless it was done at this height (`asOf` differs with each). Throws nothing: a chain that
   *  is away is told, and what was known stays. */
  async sweep(asOf: number): Promise<void> {
    if (this.#known?.asOf === asOf) return;
    try {
      await this.#look(asOf);
      await this.#lookAtGas();
    } catch (cause) {
      this.#ports.log.warn({ cause: messageOf(cause) }, 'the registry could not be asked for our keys');
    }
  }

  /** Resolves when nothing is asked any more. */
  async idle(): Promise<void> {
    await this.#looking?.catch(() => {});
  }

  /** Undefined if batches may be taken; a no is looked at again at each height. Throws the chain's Fault. */
  async refusal(asOf: number): Promise<Refusal | undefined> {
    const known = this.#known;
    if (known !== undefined && (known.refusal === undefined || known.asOf === asOf)) return known.refusal;
    return (await this.#look(asOf)).refusal;
  }

  /** Asks now. */
  async reasons(asOf: number): Promise<readonly ReadinessReason[]> {
    const { refusal, hasRecordKey } = await this.#look(asOf);
    if (refusal !== undefined) return [{ code: refusal.code, detail: refusal.detail }];
    if (hasRecordKey) return [];
    const detail = `${this.#options.account} has no record key, so its own batches are refused: register one`;
    return [{ code: 'no-record-key', detail }];
  }

  /** One question at a time serves all who ask. */
  #look(asOf: number): Promise<Known> {
    this.#looking ??= this.#compare(asOf).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #compare(asOf: number): Promise<Known> {
    const { chain, log } = this.#ports;
    const keys = await currentKeysOf(await chain.snapshot({ finality: 'latest' }), this.#options.account);
    const refusal = this.#refusalOf(keys);
    if (refusal?.detail !== this.#known?.refusal?.detail) {
      const { code, detail } = refusal ?? {};
      if (detail === undefined) log.info(this.#options, 'the registry names this node’s operator key');
      // A node may be started before it is registered; another key in its place is a mistake.
      else if (keys === undefined) log.warn({ ...this.#options, code }, detail);
      else log.error({ ...this.#options, code }, detail);
    }
    const hasRecordKey = keys !== undefined && !isZero(fromHex(keys.recordKey));
    this.#known = { asOf, refusal, hasRecordKey };
    return this.#known;
  }

  #refusalOf(keys: ParticipantKeys | undefined): Refusal | undefined {
    const { account, operator } = this.#options;
    if (keys?.operatorKey.toLowerCase() === operator.toLowerCase()) return undefined;
    const found = keys === undefined ? 'no keys' : `operator key ${keys.operatorKey}`;
    return refuse(
      'node-not-registered',
      `the registry has ${found} for ${account}, this node has ${operator}`,
    );
  }

  async #lookAtGas(): Promise<void> {
    const { balanceWei, reserveWei } = await this.#ports.chain.gasBalance(this.#options.operator);
    if (balanceWei < reserveWei) this.#gasAlarm.tell(balanceWei, reserveWei);
  }
}
