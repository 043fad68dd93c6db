/**
 * Writes what each party saw as its own raw log, so that anybody can recompute who owes whom by other means,
 * for example SQL.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '#environment/make-folders';
import { recordKind } from '#protocol';
import type { NetworkSpec } from '../network/network-spec.js';
import { onFile } from '../report/command-refused.js';
import type { BlockPlan } from './plan-records.js';

/**
 * Columns of `<name>.tsv`; `seller` is a participant index, `flags` as in wire-formats.md 3, `late` 0 or 1.
 */
const partyLogColumns = ['block', 'auction', 'kind', 'seller', 'price_nano', 'flags', 'timestamp_ms', 'late'];

/** One file a participant, the same on every run of the same plan. */
export function writePartyLogs(folder: string, spec: NetworkSpec, plans: readonly BlockPlan[]): void {
  onFile(folder, () => makeFolders(folder));
  const lines = spec.participants.map(() => [partyLogColumns.join('\t')]);
  for (const { blockNumber, logged } of plans) {
    for (const { author, auctionId, fields, isLate } of logged) {
      const kind = fields.kind === recordKind.win ? 'win' : 'audit';
      const seller = author === 0 || kind === 'audit' ? fields.counterparty : author;
      const values = [
        blockNumber,
        auctionId,
        kind,
        seller,
        fields.priceNano,
        fields.flags,
        fields.timestampMs,
      ];
      lines[author].push([...values, isLate ? 1 : 0].join('\t'));
    }
  }
  for (const [index, { name }] of spec.participants.entries()) {
    const path = join(folder, `${name}.tsv`);
    onFile(path, () => writeFileSync(path, `${lines[index].join('\n')}\n`));
  }
}
