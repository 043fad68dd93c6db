/**
 * What a validator must remember and cannot compute: accepted requests until the block is over, and its
 * results.
 */
import type { KeptResult } from '#block-reduction';
import { type Address, decodeDagCbor, encodeDagCbor, type Hex } from '#encoding';
import { type KeyValue, type Revision, type WriteOutcome, writeOperationsMax } from '#key-value';
import {
  type ChannelId,
  decodeValidationRequest,
  encodeValidationRequest,
  type ValidationRequest,
} from '#protocol';

/** A request as the store has it; the revision tells whether it is still the one that was compared. */
export interface KeptRequest {
  readonly request: ValidationRequest;
  readonly revision: Revision;
}

export class ValidatorState {
  readonly #keyValue: KeyValue;
  readonly #prefix: string;
  /** What was read before, by key: it is decoded again only when it has changed. */
  #known: ReadonlyMap<string, KeptRequest> = new Map();

  /** `validator` keeps apart those that share a store. */
  constructor(keyValue: KeyValue, validator: Address) {
    this.#keyValue = keyValue;
    this.#prefix = `validator/${validator}`;
  }

  async request(
    channelId: ChannelId,
    blockNumber: number,
    participant: number,
  ): Promise<KeptRequest | undefined> {
    const kept = await this.#keyValue.get(this.#requestKey(channelId, blockNumber, participant));
    return kept && { request: decodeValidationRequest(kept.value), revision: kept.revision };
  }

  /**
   * Durable when written; takes the place of `instead`, and of nothing else that another process may have
   * accepted since.
   */
  async keepRequest(request: ValidationRequest, instead: KeptRequest | undefined): Promise<WriteOutcome> {
    const { channelId, blockNumber, participant } = request.delegation;
    const key = this.#requestKey(channelId, blockNumber, participant);
    const ifRevision = instead?.revision ?? 'absent';
    return this.#keyValue.write([{ key, value: encodeValidationRequest(request), ifRevision }]);
  }

  /** By `channelId/blockNumber`; none of the lists is empty. */
  async requestsByBlock(): Promise<ReadonlyMap<string, readonly ValidationRequest[]>> {
    const found = new Map<string, ValidationRequest[]>();
    for (const { request } of (await this.#read()).values()) {
      const { channelId, blockNumber } = request.delegation;
      const id = `${channelId}/${blockNumber}`;
      found.set(id, [...(found.get(id) ?? []), request]);
    }
    return found;
  }

  async requestCount(): Promise<number> {
    return (await this.#read()).size;
  }

  async result(channelId: ChannelId, blockNumber: number): Promise<KeptResult | undefined> {
    const kept = await this.#keyValue.get(this.#resultKey(channelId, blockNumber));
    return kept && decodeResult(kept.value);
  }

  /** The first stands: what may have been committed to is not replaced. Returns the one that counts. */
  async keepResult(channelId: ChannelId, blockNumber: number, result: KeptResult): Promise<KeptResult> {
    const value = encodeDagCbor({ ...result, opening: result.opening ?? null });
    const key = this.#resultKey(channelId, blockNumber);
    const outcome = await this.#keyValue.write([{ key, value, ifRevision: 'absent' }]);
    return outcome === 'written' ? result : ((await this.result(channelId, blockNumber)) ?? result);
  }

  /** Forgets these requests of blocks that are over, with the keys boxed in them and the blocks' results. */
  async forget(requests: readonly ValidationRequest[]): Promise<void> {
    const delegations = requests.map(({ delegation }) => delegation);
    const results = delegations.map((one) => this.#resultKey(one.channelId, one.blockNumber));
    const asked = delegations.map((one) => this.#requestKey(one.channelId, one.blockNumber, one.participant));
    const writes = [...new Set([...results, ...asked])].map((key) => ({
      key,
      value: undefined,
      erases: true,
    }));
    // The requests last: what a crash leaves is found again by them.
    for (let at = 0; at < writes.length; at += writeOperationsMax) {
      await this.#keyValue.write(writes.slice(at, at + writeOperationsMax));
    }
  }

  async #read(): Promise<ReadonlyMap<string, KeptRequest>> {
    const found = new Map<string, KeptRequest>();
    for await (const page of this.#keyValue.list(`${this.#prefix}/requests/`)) {
      for (const { key, value, revision } of page) {
        const known = this.#known.get(key);
        const isSame = known?.revision === revision;
        found.set(key, isSame ? known : { request: decodeValidationRequest(value), revision });
      }
    }
    this.#known = found;
    return found;
  }

  #requestKey(channelId: ChannelId, blockNumber: number, participant: number): string {
    return `${this.#prefix}/requests/${channelId}/${pad(blockNumber, 7)}/${pad(participant, 2)}`;
  }

  #resultKey(channelId: ChannelId, blockNumber: number): string {
    return `${this.#prefix}/results/${channelId}/${pad(blockNumber, 7)}`;
  }
}

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

function decodeResult(bytes: Uint8Array): KeptResult {
  const kept = decodeDagCbor(bytes) as KeptResult & { opening: Hex | null };
  const impressionCount = BigInt(kept.result.impressionCount);
  return { ...kept, opening: kept.opening ?? undefined, result: { ...kept.result, impressionCount } };
}
