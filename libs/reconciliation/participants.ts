/**
 * Numbers the parties of a reconciliation as a channel would: the payer, the sellers by name, the
 * auditor.
 */
import { limits, roleOf } from '#protocol';
import { roleNumber } from './statement-pages.js';

/** A payer and an auditor beside them. */
const sellersMax = limits.participantsMax - 2;

export interface Participants {
  readonly roles: readonly number[];
  /** By index; the payer's and the auditor's are those of their roles. */
  readonly names: readonly string[];
  readonly auditor: number | undefined;
}

export type NumberedSellers =
  | { readonly ok: true; readonly participants: Participants }
  | { readonly ok: false; readonly code: 'too-many-sellers' | 'seller-unknown'; readonly detail: string };

const shownMax = 20;

/**
 * `names` are the sellers that statements name. Where some name none (`hasUnnamed`), they are the one
 * seller's that is named, or there is only the one without a name.
 */
export function numberSellers(
  names: readonly string[],
  hasUnnamed: boolean,
  hasAuditor: boolean,
): NumberedSellers {
  const sellers = [...new Set(names)].sort(byBytes);
  if (hasUnnamed && sellers.length > 1) {
    const detail =
      `one log names the sellers ${sellers.slice(0, shownMax).join(', ')}, another none: say whose it is, ` +
      `as in --ssp ${sellers[0]}=FILE, or take the others out, as in where=COLUMN:${sellers[0]}`;
    return { ok: false, code: 'seller-unknown', detail };
  }
  if (sellers.length === 0) sellers.push('ssp');
  if (sellers.length > sellersMax) {
    const detail =
      `the logs name ${sellers.length} sellers (${sellers.slice(0, shownMax).join(', ')} …), a channel takes ` +
      `${sellersMax}: take some out, as in where=COLUMN:${sellers[0]}|${sellers[1]}`;
    return { ok: false, code: 'too-many-sellers', detail };
  }
  const roles = [roleOf.dsp, ...sellers.map(() => roleOf.ssp), ...(hasAuditor ? [roleOf.auditor] : [])];
  const all = ['dsp', ...sellers, ...(hasAuditor ? ['auditor'] : [])];
  return {
    ok: true,
    participants: { roles, names: all, auditor: hasAuditor ? roles.length - 1 : undefined },
  };
}

/**
 * Turns a statement word of one scan, which holds the role of the log and the number of a seller's name,
 * into one of the channel. `names` are the texts of that scan's numbers.
 */
export function statementNumbering(
  participants: Participants,
  names: readonly string[],
): (statement: number) => number {
  const sellerOf = names.map((name) => Math.max(1, participants.names.indexOf(name, 1)));
  // No name: the only seller there is, and for an audit every seller.
  sellerOf[0] = 1;
  const auditor = participants.auditor ?? 0;
  return (statement) => {
    const role = (statement >>> 8) & 0xff;
    const number = (statement >>> 16) & 0xff;
    const outer = statement & 0xff0000ff;
    if (role === roleNumber.dsp) return (outer | (sellerOf[number] << 16)) >>> 0;
    if (role === roleNumber.ssp) return (outer | (sellerOf[number] << 8)) >>> 0;
    const counterparty = number === 0 ? limits.everySeller : sellerOf[number];
    return (outer | (auditor << 8) | (counterparty << 16)) >>> 0;
  };
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
