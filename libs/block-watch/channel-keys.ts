/**
 * The keys of a channel's blocks as one participant holds them: opened once from its box, checked against
 * keysRoot, and erased behind the blocks that are over (wire-formats.md 5).
 */
import { setImmediate } from 'node:timers/promises';
import type { Chain } from '#chain';
import { openBox } from '#crypto';
import {
  type Address,
  concatBytes,
  type Digest,
  equalBytes,
  fromHex,
  type Hex,
  toHex,
  viewOf,
} from '#encoding';
import type { KeyValue, Revision } from '#key-value';
import {
  allKeys,
  blockKeyOf,
  type ChannelId,
  type ChannelTerms,
  type KeysAhead,
  keyCommitmentsBySteps,
  keyGroupRootsBytes,
  keyGroupRootsOf,
  keyProofOf,
  keysBehind,
  keysRootOf,
  secretOf,
} from '#protocol';

export type KeysRefusalCode =
  | 'unknown-channel'
  | 'not-a-participant'
  | 'box-does-not-open'
  | 'keys-root-differs';

export type KeysOutcome =
  | { readonly ok: true; readonly keys: BlockKeys }
  | { readonly ok: false; readonly code: KeysRefusalCode; readonly message: string };

/** What a participant checks before it signs the terms, and its services when they first need a key. */
export async function openChannelBox(
  terms: ChannelTerms,
  box: Uint8Array,
  encryptionSecret: Uint8Array,
): Promise<
  | { readonly ok: true; readonly secret: Uint8Array; readonly leaves: Uint8Array }
  | { readonly ok: false; readonly code: KeysRefusalCode; readonly message: string }
> {
  const secret = openBox(box, encryptionSecret);
  if (secret === undefined || secret.length !== 32) {
    const message = 'the boxed channel secret does not open with this encryption key';
    return { ok: false, code: 'box-does-not-open', message };
  }
  const leaves = await commitmentsOf(secret, terms.blocksMax);
  if (!equalBytes(keysRootOf(leaves), fromHex(terms.keysRoot))) {
    const message = 'the boxed channel secret does not lead to the keysRoot of the terms';
    return { ok: false, code: 'keys-root-differs', message };
  }
  return { ok: true, secret, leaves };
}

/** Requests that come meanwhile are answered between the steps. */
const stepBlocks = 512;

async function commitmentsOf(secret: Uint8Array, blocksMax: number): Promise<Uint8Array> {
  const steps = keyCommitmentsBySteps(secret, blocksMax, stepBlocks);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await setImmediate();
  }
}

export class ChannelKeys {
  readonly #account: Address;
  readonly #encryptionSecret: Uint8Array;
  readonly #chain: Chain;
  readonly #keyValue: KeyValue;
  readonly #opened = new Map<Hex, Promise<KeysOutcome>>();

  constructor(
    options: { readonly account: Address; readonly encryptionSecret: Uint8Array },
    ports: { readonly chain: Chain; readonly keyValue: KeyValue },
  ) {
    this.#account = options.account.toLowerCase() as Hex;
    this.#encryptionSecret = options.encryptionSecret;
    this.#chain = ports.chain;
    this.#keyValue = ports.keyValue;
  }

  /** The keys of a channel; a refusal is final unless the channel was unknown. */
  async of(channelId: ChannelId): Promise<KeysOutcome> {
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

  async #open(channelId: ChannelId): Promise<KeysOutcome> {
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
    const opened = await openChannelBox(channel.terms, fromHex(channel.boxes[index]), this.#encryptionSecret);
    if (!opened.ok) return opened;
    await writeFirst(this.#keyValue, channelId, opened);
    // What stands now counts: another process may have been first, and may have erased since.
    const standing = await readKept(this.#keyValue, channelId, blocksMax);
    if (standing === undefined) throw new Error(`the keys of ${channelId} were written and are not there`);
    return { ok: true, keys: new BlockKeys(this.#keyValue, channelId, standing) };
  }
}

interface KeptSecret extends KeysAhead {
  readonly revision: Revision;
}

interface KeptKeys {
  readonly kept: KeptSecret;
  readonly blocksMax: number;
  readonly groupRoots: Uint8Array;
}

/** The keys of one channel. */
export class BlockKeys {
  readonly #keyValue: KeyValue;
  readonly #channelId: ChannelId;
  readonly #tree: Pick<KeptKeys, 'blocksMax' | 'groupRoots'>;
  #kept: KeptSecret;

  constructor(keyValue: KeyValue, channelId: ChannelId, { kept, ...tree }: KeptKeys) {
    this.#keyValue = keyValue;
    this.#channelId = channelId;
    this.#tree = tree;
    this.#kept = kept;
  }

  /** 32 bytes; undefined where the block's secret was erased. */
  blockKey(blockNumber: number): Uint8Array | undefined {
    this.#assertBlock(blockNumber);
    const { from, secret } = this.#kept;
    return blockNumber < from ? undefined : blockKeyOf(secretOf(secret, blockNumber, from));
  }

  /** The key's commitment and its siblings under keysRoot; undefined where the block's secret was erased. */
  proof(blockNumber: number): { readonly commitment: Digest; readonly path: readonly Hex[] } | undefined {
    this.#assertBlock(blockNumber);
    if (blockNumber < this.#kept.from) return undefined;
    const { commitment, path } = keyProofOf(this.#kept, this.#tree, blockNumber);
    return { commitment: toHex(commitment), path: path.map(toHex) };
  }

  /** Forgets the secrets of all blocks below, at most of all; a secret leads to later ones, never back. */
  async eraseBefore(blockNumber: number): Promise<void> {
    if (blockNumber > this.#tree.blocksMax) return;
    while (blockNumber > this.#kept.from) {
      const { secret, revision } = this.#kept;
      const value = encodeKeys(keysBehind(this.#kept, blockNumber));
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
    if (!Number.isInteger(blockNumber) || blockNumber < 0 || blockNumber >= this.#tree.blocksMax) {
      throw new Error(`no block ${blockNumber} in channel ${this.#channelId}`);
    }
  }
}

/** Of whose channels a store keeps keys, and below which block they were erased: those blocks were over. */
export async function keptKeysIn(
  keyValue: KeyValue,
): Promise<readonly { readonly channelId: ChannelId; readonly from: number }[]> {
  const found: { channelId: ChannelId; from: number }[] = [];
  for await (const page of keyValue.list('channel-keys/')) {
    for (const { key, value } of page) {
      const channelId = /^channel-keys\/(0x[0-9a-f]{64})\/secret$/.exec(key)?.[1];
      if (channelId === undefined) continue;
      found.push({ channelId: channelId as Hex, from: viewOf(value).getUint32(0, false) });
    }
  }
  return found;
}

const secretKey = (channelId: ChannelId): string => `channel-keys/${channelId}/secret`;
const groupsKey = (channelId: ChannelId): string => `channel-keys/${channelId}/groups`;

async function readSecret(keyValue: KeyValue, channelId: ChannelId): Promise<KeptSecret | undefined> {
  const found = await keyValue.get(secretKey(channelId));
  return found && { ...decodeKeys(found.value), revision: found.revision };
}

async function readKept(
  keyValue: KeyValue,
  channelId: ChannelId,
  blocksMax: number,
): Promise<KeptKeys | undefined> {
  const kept = await readSecret(keyValue, channelId);
  if (kept === undefined) return undefined;
  const groupRoots = (await keyValue.get(groupsKey(channelId)))?.value;
  if (groupRoots?.length !== keyGroupRootsBytes(blocksMax))
    throw new Error(`the key commitments of ${channelId} are incomplete`);
  return { kept, blocksMax, groupRoots };
}

/**
 * What proves the keys first: it is the same whoever writes it, and counts once the secret stands. The secret
 * only where there is none, as the one in the box leads back to every block.
 */
async function writeFirst(
  keyValue: KeyValue,
  channelId: ChannelId,
  { secret, leaves }: { readonly secret: Uint8Array; readonly leaves: Uint8Array },
): Promise<void> {
  await keyValue.write([{ key: groupsKey(channelId), value: keyGroupRootsOf(leaves) }]);
  const value = encodeKeys(allKeys(secret));
  await keyValue.write([{ key: secretKey(channelId), value, ifRevision: 'absent' }]);
}

/** `from` and how many blocks are passed, 4 bytes each, then the secret, then the roots, 32 bytes each. */
function encodeKeys({ from, secret, passed }: KeysAhead): Uint8Array {
  const counts = new Uint8Array(8);
  viewOf(counts).setUint32(0, from, false);
  viewOf(counts).setUint32(4, passed.count, false);
  return concatBytes(counts, secret, ...passed.roots);
}

function decodeKeys(bytes: Uint8Array): KeysAhead {
  const roots: Uint8Array[] = [];
  for (let at = 40; at < bytes.length; at += 32) roots.push(bytes.slice(at, at + 32));
  const passed = { count: viewOf(bytes).getUint32(4, false), roots };
  return { from: viewOf(bytes).getUint32(0, false), secret: bytes.slice(8, 40), passed };
}
