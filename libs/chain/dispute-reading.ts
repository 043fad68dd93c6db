/** What the facts of a dispute are made of: what happened, and what is stored at one height. */
import type { Address } from '#encoding';
import type { BlockId } from '#protocol';
import type { BlockWordsTuple } from './contract-tuples.js';
import type { CalledContract } from './contract-views.js';

/**
 * Something that happened in a dispute, by the names of the contract's event; what was opened or published
 * (`entries`, `records`, `segment`) as bytes.
 */
export interface DisputeEvent {
  readonly kind: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly height: number;
}

/** View calls at the height that is read. */
export type ViewAt = <Answer>(
  contract: CalledContract,
  name: string,
  values: readonly unknown[],
) => Promise<Answer>;

/** What is read at one height. */
export interface DisputeAt {
  readonly id: BlockId;
  readonly words: BlockWordsTuple;
  readonly height: number;
  readonly view: ViewAt;
  /** Whether disputes may still change the block. */
  isOpen(): Promise<boolean>;
}

/** An event that what is stored speaks of, and the log of the node lacks. */
export class MissingEvent extends Error {}

/** Whether a word for an account is empty. */
export function isNobody(account: Address): boolean {
  return BigInt(account) === 0n;
}
