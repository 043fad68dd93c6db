/** The outbox of a service's keys in its key-value store: what was signed is sent again after a restart. */
import type { Outbox, OutboxEntry } from '#chain/outbox';
import { type Address, decodeDagCbor, encodeDagCbor, type Hex } from '#encoding';
import type { KeyValue } from '#key-value';

/** `service`: whose acts they are, since services with one key may share the store. */
export function outboxIn(keyValue: KeyValue, service: string): Outbox {
  const prefixOf = (address: Address): string => `outbox/${service}/${address}/`;
  // Nonces of one width, so that entries come in the order in which they were sent.
  const keyOf = (address: Address, nonce: number): string =>
    `${prefixOf(address)}${String(nonce).padStart(16, '0')}`;
  return {
    entries: async (address) => {
      const entries: OutboxEntry[] = [];
      for await (const page of keyValue.list(prefixOf(address))) {
        entries.push(...page.map(({ value }) => decodeEntry(value)));
      }
      return entries;
    },
    keep: async (address, entry) => {
      await keyValue.write([{ key: keyOf(address, entry.nonce), value: encodeEntry(entry) }]);
    },
    forget: async (address, nonce) => {
      await keyValue.write([{ key: keyOf(address, nonce), value: undefined }]);
    },
  };
}

/** As kept: wei and gas as decimal text, since DAG-CBOR knows integers of 64 bits only. */
interface KeptEntry {
  readonly nonce: number;
  readonly to: Address | null;
  readonly data: Hex;
  readonly valueWei: string;
  readonly gasLimit: string;
  readonly newest: {
    readonly hash: Hex;
    readonly raw: Hex;
    readonly maxFeePerGasWei: string;
    readonly maxPriorityFeePerGasWei: string;
  };
  readonly earlier: readonly Hex[];
}

function encodeEntry({ nonce, act, gasLimit, newest, earlier }: OutboxEntry): Uint8Array {
  const { hash, raw, maxFeePerGasWei, maxPriorityFeePerGasWei } = newest;
  const kept: KeptEntry = {
    nonce,
    to: act.to ?? null,
    data: act.data,
    valueWei: String(act.valueWei),
    gasLimit: String(gasLimit),
    newest: {
      ...{ hash, raw },
      maxFeePerGasWei: String(maxFeePerGasWei),
      maxPriorityFeePerGasWei: String(maxPriorityFeePerGasWei),
    },
    earlier: [...earlier],
  };
  return encodeDagCbor(kept);
}

function decodeEntry(bytes: Uint8Array): OutboxEntry {
  const { nonce, to, data, valueWei, gasLimit, newest, earlier } = decodeDagCbor(bytes) as KeptEntry;
  return {
    nonce,
    act: { to: to ?? undefined, data, valueWei: BigInt(valueWei) },
    gasLimit: BigInt(gasLimit),
    newest: {
      ...{ hash: newest.hash, raw: newest.raw },
      maxFeePerGasWei: BigInt(newest.maxFeePerGasWei),
      maxPriorityFeePerGasWei: BigInt(newest.maxPriorityFeePerGasWei),
    },
    earlier,
  };
}
