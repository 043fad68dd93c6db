/** What a proof shows, for people and as data. */
import { viewOf, toHex } from '#encoding';
import { limits, recordAt, recordFlag, recordKind, roleName } from '#protocol';
import type { ImpressionProof, ProvenImpression } from '#proofs';
import { formatNano, type Output } from '../report/output.js';

export function provenJson(proof: ImpressionProof, { outputHash, impression, records }: ProvenImpression) {
  return {
    channelId: proof.channelId,
    blockNumber: proof.blockNumber,
    impressionKey: toHex(proof.impressionKey),
    outputHash,
    isIncluded: impression !== undefined,
    outcomes: (impression?.outcomes ?? []).map(({ seller, reason, nano }) => ({
      ...{ seller: seller ?? null, reason },
      nano: String(nano),
    })),
    amountsNano: (impression?.amounts ?? []).map(String),
    records: records.map(({ record, signer, participant, partRoot }) => ({
      ...{ record: toHex(record), signer, participant, partRoot },
    })),
  };
}

export function printProven(proof: ImpressionProof, proven: ProvenImpression, output: Output): void {
  const { terms, blockNumber, channelId } = proof;
  output.line(
    `Impression ${toHex(proof.impressionKey)} in block ${blockNumber} of ${channelId.slice(0, 14)}`,
  );
  output.line(`Result ${proven.outputHash}`);
  output.line();
  const { impression } = proven;
  if (impression === undefined) {
    output.line('The block has no such impression: its neighbours follow one another.');
    output.line();
    return;
  }
  output.table(
    ['who', 'says', 'of', 'price or findings', 'signed by'],
    proven.records.map(({ record, signer }) => [...recordRow(record, terms.roles), signer.slice(0, 12)]),
    5,
  );
  output.line();
  output.table(
    ['seller', 'came to', 'amount'],
    impression.outcomes.map(({ seller, reason, nano }) => [
      seller === undefined ? '' : nameOf(seller, terms.roles),
      reason,
      formatNano(nano),
    ]),
    2,
  );
  output.line();
  output.table(
    ['participant', 'paid or earned'],
    impression.amounts.map((nano, at) => [nameOf(at, terms.roles), formatNano(at === 0 ? -nano : nano)]),
  );
  output.line();
}

function recordRow(record: Uint8Array, roles: readonly number[]): string[] {
  const author = nameOf(record[recordAt.author], roles);
  const counterparty = record[recordAt.counterparty];
  const of = counterparty === limits.everySeller ? 'every seller' : nameOf(counterparty, roles);
  if (record[recordAt.kind] === recordKind.win) {
    const price = viewOf(record).getBigUint64(recordAt.priceNano, true);
    return [author, 'win', of, formatNano(price)];
  }
  const flags = record[recordAt.flags];
  const found = Object.entries(recordFlag)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name.replace(/([A-Z])/g, ' $1').toLowerCase());
  return [author, 'audit', of, found.join(', ') || 'nothing'];
}

function nameOf(participant: number, roles: readonly number[]): string {
  return `${participant} ${roleName(roles[participant])}`;
}

/** One record as a line: who says what of whom. */
export function recordText(
  record: Uint8Array,
  roles: readonly number[],
  named: (participant: number) => string,
): string {
  const [, kind, , found] = recordRow(record, roles);
  const counterparty = record[recordAt.counterparty];
  const of = counterparty === limits.everySeller ? 'every seller' : named(counterparty);
  return `${named(record[recordAt.author])} says: ${kind} of ${of}, ${found}`;
}
