/** What is said of a block in dispute, as acts of the base chain. */
import type { Address, Digest, Hex } from '#encoding';
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

/**
 * Acts of a key in a dispute: of a participant's account, its operator key, the validator of its seat or a
 * member of a panel; what is open to any key says so.
 */
export interface DisputeActs {
  readonly address: Address;
  /**
   * `participant`: who accuses, or whose seat's validator does. With a bond; its slot is the participant's
   * index, behind `validatorSlots` for a validator.
   */
  accuse(
    block: BlockId,
    resultIndex: number,
    claim: RevealedResult,
    participant: number,
  ): Promise<ChainOutcome>;
  /** `entries`: descendants of the named node, content and amounts each; any key. */
  openNode(accusation: AccusationId, node: { readonly entries: Uint8Array }): Promise<ChainOutcome>;
  nameEntry(accusation: AccusationId, named: NamedEntry): Promise<ChainOutcome>;
  /** Any key. */
  openLeaf(accusation: AccusationId, leaf: LeafOpening): Promise<ChainOutcome>;
  showOmitted(accusation: AccusationId, omission: Omission): Promise<ChainOutcome>;
  doubtRecord(accusation: AccusationId, recordIndex: number): Promise<ChainOutcome>;
  /** Any key. */
  placeRecord(accusation: AccusationId, answer: RecordAnswer): Promise<ChainOutcome>;
  /** Any key, once the turn is over. */
  timeOut(accusation: AccusationId): Promise<ChainOutcome>;
  /** Any key, once the result does not stand, or the block is not open any more. */
  release(accusation: AccusationId): Promise<ChainOutcome>;

  /** With a bond; one row a participant and part. */
  askRow(block: BlockId, doubt: RowDoubt): Promise<ChainOutcome>;
  /** Any key. */
  publishRow(block: BlockId, publication: RowPublication): Promise<ChainOutcome>;
  /** Any key. */
  disproveLength(block: BlockId, row: PostedRow, disproof: LengthDisproof): Promise<ChainOutcome>;
  /** Any key. */
  disproveText(block: BlockId, row: PostedRow, disproof: TextDisproof): Promise<ChainOutcome>;
  proveDisorder(block: BlockId, headers: HeaderPair): Promise<ChainOutcome>;
  proveTooManyRows(block: BlockId, headers: HeaderPair): Promise<ChainOutcome>;
  /** Any key, as soon as something decides the participant's question. */
  concludeQuestion(block: BlockId, part: number, participant: number): Promise<ChainOutcome>;

  /** With a bond, once for everybody. */
  askPanel(block: BlockId, part: number): Promise<ChainOutcome>;
  /** Looks at the next `limit` listed validators; again until the round is drawn. Any key. */
  drawPanel(block: BlockId, part: number, limit: number): Promise<ChainOutcome>;
  /** The member at `place` of the round; see `panelCommitmentOf`. */
  commitPanel(block: BlockId, part: number, place: number, commitment: Digest): Promise<ChainOutcome>;
  /** Any key may send what the commitment binds. */
  revealPanel(block: BlockId, part: number, place: number, isHeld: boolean, salt: Hex): Promise<ChainOutcome>;
  /** Any participant, against the verdict of the first or second round; with twice the bond before. */
  appealPanel(block: BlockId, part: number): Promise<ChainOutcome>;
  /** Any key: ends the panel, or after a tie begins the next round. */
  concludePanel(block: BlockId, part: number): Promise<ChainOutcome>;
  /** Any key, once the block is not open any more. */
  releasePanel(block: BlockId, part: number): Promise<ChainOutcome>;
}
