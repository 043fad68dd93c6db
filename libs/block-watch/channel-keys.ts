/**
 * The keys of a channel's blocks as one participant holds them: opened once from its box, checked against
 * keysRoot, and erased behind the blocks that are over (wire-formats.md 5).
 */
import type { Chain } from '#chain';
import { merklePath, openBox } from '#crypto';
import { concatBytes, equalBytes, fromHex, type Hex, toHex, viewOf } from '#encoding';
import { type KeyValue, type Revision, valueBytesMax } from '#key-value';
import { blockKeyOf, type ChannelTerms, keyCommitments, keysRootOf, secretOf } from '#protocol';

export type KeysRefusalCode =
  | 'unknown-channel'
  | 'not-a-participant'
  | 'box-does-not-open'
  | 'keys-root-differs';

export type KeysOutcome =
  | { readonly ok: true; readonly keys: BlockKeys }
  | { readonly ok: false; readonly code: KeysRefusalCode; readonly message: string };

/** What a participant checks before it signs the terms, and its services when they first need a key. */
export function openChannelBox(
  terms: ChannelTerms,
  box: Uint8Array,
  encryptionSecret: Uint8Array,
):
  | { readonly ok: true; readonly secret: Uint8Array; readonly leaves: Uint8Array }
  | { readonly ok: false; readonly code: KeysRefusalCode; readonly message: string } {
  const secret = openBox(box, encryptionSecret);
  if (secret === undefined || secret.length !== 32) {
    const message = 'the boxed channel secret does not open with this encryption key';
    return { ok: false, code: 'box-does-not-open', message };
  }
  const leaves = keyCommitments(secret, terms.blocksMax);
  if (!equalBytes(keysRootOf(leaves), fromHex(terms.keysRoot))) {
    const message = 'the boxed channel secret does not lead to the keysRoot of the terms';
    return { ok: false, code: 'keys-root-differs', message };
  }
  return { ok: true, secret, leaves };
}

export class ChannelKeys {
  readonly #account: Hex;
  readonly #encryptionSecret: Uint8Array;
  readonly #chain: Chain;
  readonly #keyValue: KeyValue;
  readonly #opened = new Map<Hex, Promise<KeysOutcome>>();

  constructor(
    options: { readonly account: Hex; readonly encryptionSecret: Uint8Array },
    ports: { readonly chain: Chain; readonly keyValue: KeyValue },
  ) {
    this.#account = options.account.toLowerCase() as Hex;
    this.#encryptionSecret = options.encryptionSecret;
    this.#chain = ports.chain;
    this.#keyValue = ports.keyValue;
  }

  /** The keys of a channel; a refusal is final unless the channel was unknown. */
  async of(channelId: Hex): Promise<KeysOutcome> {
    const known = this.#opened.get(channelId);
    if (known !== undefined) return known;
    const opening = this.#open(channelId);
    this.#opened.set(channelId, opening);
    try {
      const outcome = await opening;
      if (!outcome.ok && outcome.code === 'unknown-channel') this.#opened.delete(channelId);
      return outcome;
    } catch (cause) {
      this.#opened.delete(channelId);
      throw cause;
    }
  }

  async #open(channelId: Hex): Promise<KeysOutcome> {
    const channel = await (await this.#chain.snapshot({ finality: 'latest' })).channel(channelId);
    if (channel === undefined) {
      return { ok: false, code: 'unknown-channel', message: `no channel ${channelId} on this chain` };
    }
    const { blocksMax } = channel.terms;
    const kept = await readKept(this.#keyValue, channelId, blocksMax);
    if (kept !== undefined) return { ok: true, keys: new BlockKeys(this.#keyValue, channelId, kept) };
    const index = channel.terms.participants.findIndex((one) => one.toLowerCase() === this.#account);
    if (index < 0) {
      const message = `${this.#account} is no participant of channel ${channelId}`;
      return { ok: false, code: 'not-a-participant', message };
    }
    const opened = openChannelBox(channel.terms, fromHex(channel.boxes[index]), this.#encryptionSecret);
    if (!opened.ok) return opened;
    await writeFirst(this.#keyValue, channelId, opened);
    // What stands now counts: another process may have been first, and may have erased since.
    const standing = await readKept(this.#keyValue, channelId, blocksMax);
    if (standing === undefined) throw new Error(`the keys of ${channelId} were written and are not there`);
    return { ok: true, keys: new BlockKeys(this.#keyValue, channelId, standing) };
  }
}

interface KeptSecret {
  /** The lowest block whose secret is kept. */
  readonly from: number;
  readonly secret: Uint8Array;
  readonly revision: Revision;
}

interface KeptKeys {
  readonly kept: KeptSecret;
  /** The commitments of all blocks, 32 bytes each. */
  readonly leaves: Uint8Array;
}

/** The keys of one channel. */
export class BlockKeys {
  readonly #keyValue: KeyValue;
  readonly #channelId: Hex;
  readonly #leaves: Uint8Array;
  #kept: KeptSecret;

  constructor(keyValue: KeyValue, channelId: Hex, { kept, leaves }: KeptKeys) {
    this.#keyValue = keyValue;
    this.#channelId = channelId;
    this.#leaves = leaves;
    this.#kept = kept;
  }

  /** 32 bytes; undefined where the block's secret was erased. */
  blockKey(blockNumber: number): Uint8Array | undefined {
    this.#assertBlock(blockNumber);
    const { from, secret } = this.#kept;
    return blockNumber < from ? undefined : blockKeyOf(secretOf(secret, blockNumber, from));
  }

  keyCommitment(blockNumber: number): Hex {
    this.#assertBlock(blockNumber);
    return toHex(this.#leaves.subarray(blockNumber * 32, blockNumber * 32 + 32));
  }

  /** The siblings of the block's commitment under keysRoot. O(blocksMax). */
  keyPath(blockNumber: number): Hex[] {
    this.#assertBlock(blockNumber);
    return merklePath(this.#leaves, blockNumber).map(toHex);
  }

  /** Forgets the secrets of all blocks below, at most of all; a secret leads to later ones, never back. */
  async eraseBefore(blockNumber: number): Promise<void> {
    if (blockNumber * 32 > this.#leaves.length) return;
    while (blockNumber > this.#kept.from) {
      const { from, secret, revision } = this.#kept;
      const value = encodeSecret(blockNumber, secretOf(secret, blockNumber, from));
      const key = secretKey(this.#channelId);
      // On a conflict another process has erased meanwhile, perhaps further: that is never undone.
      await this.#keyValue.write([{ key, value, ifRevision: revision, erases: true }]);
      const kept = await readSecret(this.#keyValue, this.#channelId);
      if (kept === undefined) throw new Error(`the kept secret of ${this.#channelId} is gone`);
      secret.fill(0);
      this.#kept = kept;
    }
  }

  #assertBlock(blockNumber: number): void {
    if (!Number.isInteger(blockNumber) || blockNumber < 0 || blockNumber * 32 >= this.#leaves.length) {
      throw new Error(`no block ${blockNumber} in channel ${this.#channelId}`);
    }
  }
}

/** Of whose channels a store keeps keys, and below which block they were erased: those blocks were over. */
export async function keptKeysIn(
  keyValue: KeyValue,
): Promise<readonly { readonly channelId: Hex; readonly from: number }[]> {
  const found: { channelId: Hex; from: number }[] = [];
  for await (const page of keyValue.list('channel-keys/')) {
    for (const { key, value } of page) {
      const channelId = /^channel-keys\/(0x[0-9a-f]{64})\/secret$/.exec(key)?.[1];
      if (channelId === undefined) continue;
      found.push({ channelId: channelId as Hex, from: viewOf(value).getUint32(0, false) });
    }
  }
  return found;
}

const secretKey = (channelId: Hex): string => `channel-keys/${channelId}/secret`;
const leavesKey = (channelId: Hex, chunk: number): string => `channel-keys/${channelId}/leaves/${chunk}`;

async function readSecret(keyValue: KeyValue, channelId: Hex): Promise<KeptSecret | undefined> {
  const found = await keyValue.get(secretKey(channelId));
  if (found === undefined) return undefined;
  const { value, revision } = found;
  return { from: viewOf(value).getUint32(0, false), secret: value.slice(4), revision };
}

async function readKept(
  keyValue: KeyValue,
  channelId: Hex,
  blocksMax: number,
): Promise<KeptKeys | undefined> {
  const kept = await readSecret(keyValue, channelId);
  if (kept === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for (let chunk = 0; chunk * valueBytesMax < blocksMax * 32; chunk++) {
    chunks.push((await keyValue.get(leavesKey(channelId, chunk)))?.value ?? new Uint8Array(0));
  }
  const leaves = concatBytes(...chunks);
  if (leaves.length !== blocksMax * 32) throw new Error(`the key commitments of ${channelId} are incomplete`);
  return { kept, leaves };
}

/**
 * The commitments first, each chunk a write of its own: they are the same whoever writes them, and count once
 * the secret stands. The secret only where there is none, as the one in the box leads back to every block.
 */
async function writeFirst(
  keyValue: KeyValue,
  channelId: Hex,
  { secret, leaves }: { readonly secret: Uint8Array; readonly leaves: Uint8Array },
): Promise<void> {
  for (let at = 0; at < leaves.length; at += valueBytesMax) {
    const value = leaves.subarray(at, at + valueBytesMax);
    await keyValue.write([{ key: leavesKey(channelId, at / valueBytesMax), value }]);
  }
  await keyValue.write([{ key: secretKey(channelId), value: encodeSecret(0, secret), ifRevision: 'absent' }]);
}

function encodeSecret(from: number, secret: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 32);
  viewOf(bytes).setUint32(0, from, false);
  bytes.set(secret, 4);
  return bytes;
}
