/** The validators that the registry lists at a height, with what each weighs in a draw. */
import type { Address, Digest } from '#encoding';
import type { DrawCandidate } from '#protocol';
import type { ContractViews } from './contract-views.js';

/** Each costs the node a call of the Vault: a page stays far below what nodes spend on one question. */
const listPage = 250;

interface ListedTuple {
  readonly accounts: readonly Address[];
  readonly weights: readonly bigint[];
}

export async function listedValidators(views: ContractViews, blockHash: Digest): Promise<DrawCandidate[]> {
  const at = { blockHash, requireCanonical: true } as const;
  const count = Number(await views.view<bigint>(at, 'ValidatorRegistry', 'validatorCount', []));
  const starts = Array.from({ length: Math.ceil(count / listPage) }, (_, page) => page * listPage);
  const pages = await Promise.all(
    starts.map((start) => views.view<ListedTuple>(at, 'ValidatorRegistry', 'validators', [start, listPage])),
  );
  return pages.flatMap(({ accounts, weights }) =>
    accounts.map((account, index) => ({ account, weight: weights[index] })),
  );
}
