/**
 * Writes what each party saw as its own raw log, so that anybody can recompute who owes whom by other means,
 * for example SQL.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
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

/** One file a participant, the same on every run of the same plans. */
export class PartyLogs {
  readonly #paths: readonly string[];

  constructor(folder: string, spec: NetworkSpec) {
    onFile(folder, () => makeFolders(folder));
    this.#paths = spec.participants.map(({ name }) => join(folder, `${name}.tsv`));
    for (const path of this.#paths)
      onFile(path, () => writeFileSync(path, `${partyLogColumns.join('\t')}\n`));
  }

  write({ blockNumber, logged }: BlockPlan): void {
    const lines: string[][] = this.#paths.map(() => []);
    for (const { author, auctionId, fields, isLate } of logged) {
      const kind = fields.kind === recordKind.win ? 'win' : 'audit';
      const seller = author === 0 || kind === 'audit' ? fields.counterparty : author;
      const { priceNano, flags, timestampMs } = fields;
      const values = [blockNumber, auctionId, kind, seller, priceNano, flags, timestampMs];
      lines[author].push([...values, isLate ? 1 : 0].join('\t'));
    }
    for (const [author, path] of this.#paths.entries()) {
      if (lines[author].length > 0) onFile(path, () => appendFileSync(path, `${lines[author].join('\n')}\n`));
    }
  }
}
