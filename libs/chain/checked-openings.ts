/**
 * What the log tells that was opened in a dispute, decoded and checked once: a dispute is looked at again
 * with each height, and whoever opens much in it is not to cost the others more than one check of each
 * opening.
 */
import { amountsIn, isLeafOpening, isNodeOpening } from '#dispute';
import { fromHex, type Hex, isZero } from '#encoding';
import type { EntryPosition, Nano, OpenedLeaf, OpenedNode } from '#protocol';
import type { DisputeEvent } from './dispute-reading.js';

interface Checked<Opened> {
  readonly opened: Opened;
  /** What it is known to be an opening of. */
  readonly of: Set<Hex>;
}

const nodes = new WeakMap<DisputeEvent, Checked<OpenedNode>>();
const leaves = new WeakMap<DisputeEvent, Checked<OpenedLeaf>>();

/** Undefined where it is no opening of the entry with this hash. */
export function openedNode(
  event: DisputeEvent,
  participants: number,
  hashOf: (place: EntryPosition) => Hex,
): OpenedNode | undefined {
  const node = nodes.get(event) ?? { opened: nodeOf(event), of: new Set() };
  nodes.set(event, node);
  const hash = hashOf(node.opened);
  if (node.of.has(hash)) return node.opened;
  if (!isNodeOpening(participants, fromHex(hash), node.opened.entries)) return undefined;
  node.of.add(hash);
  return node.opened;
}

/** The same; `alone`: the amounts of a leaf that is the whole tree, others stand in the nodes above. */
export function openedLeaf(
  event: DisputeEvent,
  participants: number,
  hashOf: (place: EntryPosition) => Hex,
  above: readonly OpenedNode[],
  alone: readonly Nano[] | undefined,
): OpenedLeaf | undefined {
  const leaf = leaves.get(event) ?? { opened: leafOf(event), of: new Set() };
  leaves.set(event, leaf);
  const hash = hashOf({ level: 0, index: leaf.opened.index });
  if (leaf.of.has(hash)) return leaf.opened;
  const amounts = alone ?? amountsIn(participants, above, fromHex(hash));
  if (amounts === undefined || !isLeafOpening(fromHex(hash), leaf.opened.records, amounts)) return undefined;
  leaf.of.add(hash);
  return leaf.opened;
}

export function positionOf({ fields }: DisputeEvent): EntryPosition {
  const { level, index } = fields as { level: bigint; index: bigint };
  return { level: Number(level), index: Number(index) };
}

function nodeOf(event: DisputeEvent): OpenedNode {
  return { ...positionOf(event), entries: event.fields.entries as Uint8Array };
}

function leafOf({ fields }: DisputeEvent): OpenedLeaf {
  const { index, records, leftKey } = fields as { index: bigint; records: Uint8Array; leftKey: Hex };
  const key = fromHex(leftKey);
  return {
    index: Number(index),
    records,
    leftKey: index === 0n && isZero(key) ? undefined : key,
  };
}
