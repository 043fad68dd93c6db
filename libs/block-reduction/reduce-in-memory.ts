/** Block reduction in one thread with the whole block in memory: for small blocks and tests. */
import { type Hex, toHex } from '#encoding';
import { silentLog } from '#environment';
import { PartReader, type PartStore } from '#part-store';
import { limits } from '#protocol';
import { type CommittedPart, reduceSealedBlock } from '#reduction';
import { partAskMs, type ReduceBlock } from './reduce-port.js';

/** `partStores`: the own one, then those of counterparties. */
export function reduceInMemory(...partStores: [PartStore, ...PartStore[]]): ReduceBlock {
  return async ({ rules, terms, parts, validator, visitLeaves, patienceMs }) => {
    const reader = new PartReader(partStores, { askMs: partAskMs, patienceMs, log: silentLog });
    const stored = await readAll(reader, parts);
    const get = (digest: Uint8Array): Uint8Array | undefined => stored.get(toHex(digest));
    const output = reduceSealedBlock(terms, rules, parts, get, validator, visitLeaves);
    return { output, unsureBlocks: reader.unsureBlocks };
  };
}

/** Everything of the parts that can be had, by digest. */
async function readAll(
  reader: PartReader,
  parts: readonly CommittedPart[],
): Promise<ReadonlyMap<Hex, Uint8Array>> {
  const stored = new Map<Hex, Uint8Array>();
  const keep = (digest: Uint8Array, bytes: Uint8Array): void => {
    stored.set(toHex(digest), bytes);
  };
  for (const { commitment } of parts) {
    const manifest = await reader.manifest(commitment, keep);
    if ('reason' in manifest) continue;
    const digests = Array.from({ length: commitment.segmentCount }, (_, at) =>
      manifest.rows.subarray(at * limits.manifestRowBytes, at * limits.manifestRowBytes + 32),
    ).filter((digest) => !stored.has(toHex(digest)));
    let at = 0;
    for await (const bytes of reader.checkedBlocks(digests)) {
      if (bytes !== undefined) keep(digests[at], bytes);
      at++;
    }
  }
  return stored;
}
