/**
 * What a validator must remember and cannot compute: accepted requests until the block is over, and its
 * results.
 */
import { decodeDagCbor, encodeDagCbor, type Hex } from '#encoding';
import type { KeyValue } from '#key-value';
import {
  decodeValidationRequest,
  encodeValidationRequest,
  type RevealedResult,
  type ValidationRequest,
} from '#protocol';

/** The outcome of reducing a block, kept before it is committed to. */
export interface KeptResult {
  readonly result: RevealedResult;
  /** x of wire-formats.md 8; undefined if the block has no impression. */
  readonly opening: Hex | undefined;
  readonly workDigest: Hex;
  /** Where the part store holds the block report. */
  readonly reportHash: Hex;
}

export class ValidatorState {
  readonly #keyValue: KeyValue;
  readonly #prefix: string;
  /** The requests kept, by key; this process is the only one that writes them. */
  #requests: Promise<Map<string, ValidationRequest>> | undefined;

  /** `validator` keeps apart those that share a store. */
  constructor(keyValue: KeyValue, validator: Hex) {
    this.#keyValue = keyValue;
    this.#prefix = `validator/${validator}`;
  }

  async request(
    channelId: Hex,
    blockNumber: number,
    participant: number,
  ): Promise<ValidationRequest | undefined> {
    return (await this.#load()).get(this.#requestKey(channelId, blockNumber, participant));
  }

  /** Durable when resolved; takes the place of an earlier request of the same participant. */
  async keepRequest(request: ValidationRequest): Promise<void> {
    const { channelId, blockNumber, participant } = request.delegation;
    const requests = await this.#load();
    const key = this.#requestKey(channelId, blockNumber, participant);
    await this.#keyValue.write([{ key, value: encodeValidationRequest(request) }]);
    requests.set(key, request);
  }

  /** By `channelId/blockNumber`; none of the lists is empty. */
  async requestsByBlock(): Promise<ReadonlyMap<string, readonly ValidationRequest[]>> {
    const found = new Map<string, ValidationRequest[]>();
    for (const request of (await this.#load()).values()) {
      const { channelId, blockNumber } = request.delegation;
      const id = `${channelId}/${blockNumber}`;
      found.set(id, [...(found.get(id) ?? []), request]);
    }
    return found;
  }

  async requestCount(): Promise<number> {
    return (await this.#load()).size;
  }

  async result(channelId: Hex, blockNumber: number): Promise<KeptResult | undefined> {
    const kept = await this.#keyValue.get(this.#resultKey(channelId, blockNumber));
    return kept && decodeResult(kept);
  }

  async keepResult(channelId: Hex, blockNumber: number, result: KeptResult): Promise<void> {
    const value = encodeDagCbor({ ...result, opening: result.opening ?? null });
    await this.#keyValue.write([{ key: this.#resultKey(channelId, blockNumber), value }]);
  }

  /** Forgets a block that is over. */
  async forget(channelId: Hex, blockNumber: number, participants: readonly number[]): Promise<void> {
    const requests = await this.#load();
    const requestKeys = participants.map((one) => this.#requestKey(channelId, blockNumber, one));
    const keys = [...requestKeys, this.#resultKey(channelId, blockNumber)];
    await this.#keyValue.write(keys.map((key) => ({ key, value: undefined })));
    for (const key of requestKeys) requests.delete(key);
  }

  #load(): Promise<Map<string, ValidationRequest>> {
    this.#requests ??= this.#read();
    // A store that was away is asked again.
    this.#requests.catch(() => {
      this.#requests = undefined;
    });
    return this.#requests;
  }

  async #read(): Promise<Map<string, ValidationRequest>> {
    const found = new Map<string, ValidationRequest>();
    for await (const [key, value] of this.#keyValue.list(`${this.#prefix}/requests/`)) {
      found.set(key, decodeValidationRequest(value));
    }
    return found;
  }

  #requestKey(channelId: Hex, blockNumber: number, participant: number): string {
    return `${this.#prefix}/requests/${channelId}/${pad(blockNumber, 7)}/${pad(participant, 2)}`;
  }

  #resultKey(channelId: Hex, blockNumber: number): string {
    return `${this.#prefix}/results/${channelId}/${pad(blockNumber, 7)}`;
  }
}

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

function decodeResult(bytes: Uint8Array): KeptResult {
  const kept = decodeDagCbor(bytes) as KeptResult & { opening: Hex | null };
  const impressionCount = BigInt(kept.result.impressionCount);
  return { ...kept, opening: kept.opening ?? undefined, result: { ...kept.result, impressionCount } };
}
