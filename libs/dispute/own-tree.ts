/** One's own tree of a block, put together while the block is reduced. */
import { concatBytes } from '#encoding';
import type { LeafVisit } from '#reduction';
import type { OwnTree } from './accusation.js';
import { LeafColumns } from './sum-tree.js';

export class OwnTreeBuild {
  readonly #leaves: LeafColumns;
  readonly #keys: Uint8Array[] = [];

  constructor(participants: number) {
    this.#leaves = new LeafColumns(participants);
  }

  /** To be handed all leaves. */
  readonly visit: LeafVisit = (bucket) => {
    this.#leaves.add(bucket);
    this.#keys.push(bucket.keys.slice(0, bucket.groups * 16));
  };

  /** `validParts`: those whose records were reduced. */
  finish(validParts: number): OwnTree {
    return { tree: this.#leaves.finish(), keys: concatBytes(...this.#keys), validParts };
  }
}
