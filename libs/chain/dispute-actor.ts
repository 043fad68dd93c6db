/** The acts of one key in disputes: each is one call of the Adjudicator, of Questions or of the Panel. */
import type { Address, Digest, Hex } from '#encoding';
import { toHex } from '#encoding';
import type {
  AccusationId,
  BlockId,
  HeaderPair,
  LeafOpening,
  LengthDisproof,
  NamedEntry,
  Omission,
  PostedRow,
  RecordAnswer,
  RevealedResult,
  RowDoubt,
  RowPublication,
  TextDisproof,
} from '#protocol';
import type { ChainOutcome } from './chain-outcome.js';
import type { ActPoster } from './chain-actor.js';
import { encodeCall } from './contract-codec.js';
import { resultTuple } from './contract-tuples.js';
import type { ContractAddresses } from './contract-views.js';
import type { DisputeActs } from './dispute-acts.js';
import {
  accusationTuple,
  disproofTuple,
  hexes,
  leafTuple,
  leftTuple,
  noLeaf,
  openedRowTuple,
  partFactsTuple,
  placedHeaderTuple,
  placeTuple,
} from './dispute-tuples.js';

export class DisputeActor implements DisputeActs {
  readonly address: Address;
  readonly #poster: ActPoster;
  readonly #contracts: ContractAddresses;

  constructor(poster: ActPoster, contracts: ContractAddresses) {
    this.address = poster.address;
    this.#poster = poster;
    this.#contracts = contracts;
  }

  accuse(
    { channelId, blockNumber }: BlockId,
    resultIndex: number,
    claim: RevealedResult,
    participant: number,
  ): Promise<ChainOutcome> {
    const values = [channelId, blockNumber, resultIndex, resultTuple(claim), participant];
    return this.#call('Adjudicator', 'accuse', values);
  }

  openNode(accusation: AccusationId, { entries }: { readonly entries: Uint8Array }): Promise<ChainOutcome> {
    return this.#accusation('openNode', accusation, [toHex(entries)]);
  }

  nameEntry(accusation: AccusationId, { entry, entryHash, path }: NamedEntry): Promise<ChainOutcome> {
    return this.#accusation('nameEntry', accusation, [entry.index, toHex(entryHash), hexes(path)]);
  }

  openLeaf(accusation: AccusationId, { records, left }: LeafOpening): Promise<ChainOutcome> {
    return this.#accusation('openLeaf', accusation, [toHex(records), leftTuple(left)]);
  }

  showOmitted(accusation: AccusationId, { shown, leaf }: Omission): Promise<ChainOutcome> {
    const values = [leaf === undefined ? noLeaf : leafTuple(leaf), ...placeTuple(shown)];
    return this.#accusation('showOmitted', accusation, values);
  }

  doubtRecord(accusation: AccusationId, recordIndex: number): Promise<ChainOutcome> {
    return this.#accusation('doubtRecord', accusation, [recordIndex]);
  }

  placeRecord(accusation: AccusationId, { leaf, placed }: RecordAnswer): Promise<ChainOutcome> {
    return this.#accusation('placeRecord', accusation, [leafTuple(leaf), ...placeTuple(placed)]);
  }

  timeOut(accusation: AccusationId): Promise<ChainOutcome> {
    return this.#accusation('timeOut', accusation, []);
  }

  release(accusation: AccusationId): Promise<ChainOutcome> {
    return this.#accusation('release', accusation, []);
  }

  askRow(block: BlockId, { part, commitment, rowIndex }: RowDoubt): Promise<ChainOutcome> {
    return this.#part('Questions', 'askRow', block, part, [partFactsTuple(commitment), rowIndex]);
  }

  publishRow(block: BlockId, publication: RowPublication): Promise<ChainOutcome> {
    const { part, commitment } = publication;
    const values = [partFactsTuple(commitment), openedRowTuple(publication)];
    return this.#part('Questions', 'publish', block, part, values);
  }

  disproveLength(
    block: BlockId,
    { part, rowIndex }: PostedRow,
    { sealed }: LengthDisproof,
  ): Promise<ChainOutcome> {
    return this.#part('Questions', 'disproveLength', block, part, [rowIndex, toHex(sealed)]);
  }

  disproveText(block: BlockId, { part, rowIndex }: PostedRow, disproof: TextDisproof): Promise<ChainOutcome> {
    return this.#part('Questions', 'disproveText', block, part, [rowIndex, disproofTuple(disproof)]);
  }

  proveDisorder(block: BlockId, headers: HeaderPair): Promise<ChainOutcome> {
    return this.#headers('proveDisorder', block, headers);
  }

  proveTooManyRows(block: BlockId, headers: HeaderPair): Promise<ChainOutcome> {
    return this.#headers('proveTooManyRows', block, headers);
  }

  concludeQuestion(block: BlockId, part: number, participant: number): Promise<ChainOutcome> {
    return this.#part('Questions', 'conclude', block, part, [participant]);
  }

  askPanel(block: BlockId, part: number): Promise<ChainOutcome> {
    return this.#part('Panel', 'ask', block, part, []);
  }

  drawPanel(block: BlockId, part: number, limit: number): Promise<ChainOutcome> {
    return this.#part('Panel', 'draw', block, part, [limit]);
  }

  commitPanel(block: BlockId, part: number, place: number, commitment: Digest): Promise<ChainOutcome> {
    return this.#part('Panel', 'commit', block, part, [place, commitment]);
  }

  revealPanel(
    block: BlockId,
    part: number,
    place: number,
    isHeld: boolean,
    salt: Hex,
  ): Promise<ChainOutcome> {
    return this.#part('Panel', 'reveal', block, part, [place, isHeld, salt]);
  }

  appealPanel(block: BlockId, part: number): Promise<ChainOutcome> {
    return this.#part('Panel', 'appeal', block, part, []);
  }

  concludePanel(block: BlockId, part: number): Promise<ChainOutcome> {
    return this.#part('Panel', 'conclude', block, part, []);
  }

  releasePanel(block: BlockId, part: number): Promise<ChainOutcome> {
    return this.#part('Panel', 'release', block, part, []);
  }

  #headers(
    name: 'proveDisorder' | 'proveTooManyRows',
    block: BlockId,
    { part, commitment, earlier, later }: HeaderPair,
  ): Promise<ChainOutcome> {
    const values = [partFactsTuple(commitment), placedHeaderTuple(earlier), placedHeaderTuple(later)];
    return this.#part('Questions', name, block, part, values);
  }

  #accusation(name: string, accusation: AccusationId, values: readonly unknown[]): Promise<ChainOutcome> {
    return this.#call('Adjudicator', name, [accusationTuple(accusation), ...values]);
  }

  #part(
    contract: 'Questions' | 'Panel',
    name: string,
    { channelId, blockNumber }: BlockId,
    part: number,
    values: readonly unknown[],
  ): Promise<ChainOutcome> {
    return this.#call(contract, name, [channelId, blockNumber, part, ...values]);
  }

  #call(
    contract: 'Adjudicator' | 'Questions' | 'Panel',
    name: string,
    values: readonly unknown[],
  ): Promise<ChainOutcome> {
    const data = encodeCall(contract, name, values);
    return this.#poster.post({ to: this.#contracts[contract], data, valueWei: 0n });
  }
}
