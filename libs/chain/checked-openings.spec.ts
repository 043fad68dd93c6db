/** What looking at a dispute takes again and again, where somebody opened much in it. */
import { describe, expect, it } from '@jest/globals';
import { SumTree } from '#dispute';
import { type Hex, toHex } from '#encoding';
import { openedLeaf, openedNode } from './checked-openings.js';
import type { DisputeEvent } from './dispute-reading.js';

const participants = 16;
const entryBytes = 32 + participants * 8;

function nodeEvent(index: number) {
  const entries = new Uint8Array(256 * entryBytes).fill(index % 251);
  for (let at = 0; at < 256; at++) entries.fill(0, at * entryBytes + 32, (at + 1) * entryBytes);
  const tree = SumTree.ofEntries(participants, entries);
  const fields = { level: 8n, index: BigInt(index), entries };
  const event: DisputeEvent = { kind: 'node-opened', fields, height: 1 };
  return { event, hash: toHex(tree.hashAt(tree.top)) };
}

describe('what was opened in a dispute', () => {
  it('is checked once of each entry that it is to be an opening of, and never believed of another', () => {
    const { event, hash } = nodeEvent(3);
    const first = openedNode(event, participants, () => hash);
    expect(first).toMatchObject({ level: 8, index: 3 });
    expect(openedNode(event, participants, () => hash)).toBe(first);
    const other: Hex = `0x${'ab'.repeat(32)}`;
    expect(openedNode(event, participants, () => other)).toBeUndefined();
    expect(openedNode(event, participants, () => '0x')).toBeUndefined();
  });

  it('is looked at again in a fraction of the time', () => {
    const all = Array.from({ length: 200 }, (_, index) => nodeEvent(index));
    const spent = (): number => {
      const from = performance.now();
      for (const { event, hash } of all) {
        expect(openedNode(event, participants, () => hash)).toBeDefined();
      }
      return performance.now() - from;
    };
    const first = spent();
    expect(spent()).toBeLessThan(first / 4);
  });

  it('shows no leaf that stands in none of the nodes above', () => {
    const fields = { index: 0n, records: new Uint8Array(64), leftKey: '0x' };
    const event: DisputeEvent = { kind: 'leaf-opened', fields, height: 1 };
    expect(openedLeaf(event, participants, () => '0x01', [], undefined)).toBeUndefined();
  });
});
