/** Questions about rows and order of parts on the simulated chain (contracts/src/disputes/Questions.sol). */
import type { DisputeActs } from '#chain';
import { open, rootFromPath, sealTagBytes, sha256 } from '#crypto';
import { piecesRootOf } from '#dispute';
import { type Address, compareBytes, concatBytes, equalBytes, fromHex, toHex } from '#encoding';
import {
  type AskedRowFacts,
  batchKeyBytes,
  type BlockId,
  type BlockRules,
  bondWei,
  keyCommitmentOf,
  limits,
  type PartCommitment,
  type PartFault,
  type PlacedHeader,
  type QuestionedPartFacts,
  type RowQuestion,
  rowsMaxOf,
  segmentKeyOf,
  segmentRootOf,
  type TextDisproof,
  writeBatchKey,
} from '#protocol';
import { type Journal, Kept, refuse } from './kept.js';
import { segmentRefusal } from './segment-refusal.js';
import { keyOf } from './simulated-block-store.js';
import type { SimulatedSeams } from './simulated-seams.js';
import { handed, locked, type SimulatedWei, unlocked } from './simulated-wei.js';

interface Row extends Omit<AskedRowFacts, 'isPublished'> {
  readonly publisher?: Address;
}

interface PartCase {
  readonly isStruck: boolean;
  readonly questions: readonly RowQuestion[];
  readonly rows: readonly Row[];
  readonly found?: NonNullable<QuestionedPartFacts['found']>;
}

type Given<Name extends keyof DisputeActs> = DisputeActs[Name] extends (...given: infer All) => unknown
  ? All
  : never;

const unasked: PartCase = { isStruck: false, questions: [], rows: [] };
const pieceBytes = 1_024;
const placeBytes = 16;

export class SimulatedQuestions {
  readonly #cases: Kept<PartCase>;
  readonly #seams: SimulatedSeams;
  readonly #wei: SimulatedWei;
  readonly #now: () => number;
  readonly #rules: (id: BlockId) => BlockRules;

  constructor(
    journal: Journal,
    seams: SimulatedSeams,
    wei: SimulatedWei,
    now: () => number,
    rules: (id: BlockId) => BlockRules,
  ) {
    this.#cases = new Kept(journal);
    this.#seams = seams;
    this.#wei = wei;
    this.#now = now;
    this.#rules = rules;
  }

  /** Undefined where nothing was asked or found. */
  facts(
    id: BlockId,
    part: number,
  ): Pick<QuestionedPartFacts, 'askedRows' | 'questions' | 'rows' | 'found'> | undefined {
    const one = this.#cases.get(placeOf(id, part));
    if (one === undefined) return undefined;
    const { questions, found } = one;
    const rows = one.rows.map(({ publisher, ...row }) => ({ ...row, isPublished: publisher !== undefined }));
    const order = questions.map(({ rowIndex }) => rowIndex);
    rows.sort((a, b) => order.indexOf(a.rowIndex) - order.indexOf(b.rowIndex));
    const askedRows = questions.reduce((mask, { participant }) => mask | (1 << participant), 0);
    return { askedRows, questions, rows, ...(found === undefined ? {} : { found }) };
  }

  askRow(sender: Address, ...[id, { part, commitment, rowIndex }]: Given<'askRow'>): void {
    const participant = this.#seams.holdQuestion(id, part, sender, false);
    this.#requireFacts(id, part, commitment);
    if (rowIndex >= commitment.segmentCount) refuse('row-unknown');
    const one = this.#caseOf(id, part);
    if (one.questions.some((asked) => asked.participant === participant)) refuse('already-asked');
    const question: RowQuestion = { participant, rowIndex, state: 'open' };
    const questions = [...one.questions, question].sort((a, b) => a.participant - b.participant);
    const { answerPeriod, participants } = this.#seams.termsOf(id);
    const untilSeconds = this.#now() + answerPeriod;
    const row = one.rows.find((asked) => asked.rowIndex === rowIndex);
    const isUnanswered = row !== undefined && row.publisher === undefined && this.#now() >= row.untilSeconds;
    if (isUnanswered) refuse('row-too-late');
    const next = row ?? { part, rowIndex, asker: participant, untilSeconds };
    // Time to publish runs from the first question, time to disprove from the last.
    const asked = next.publisher === undefined ? next : { ...next, untilSeconds };
    const rows = [...one.rows.filter((other) => other !== row), asked];
    this.#save(id, part, { ...one, questions, rows });
    this.#wei.move([locked(participants[participant], bondWei.question)]);
  }

  publishRow(sender: Address, ...[id, publication]: Given<'publishRow'>): void {
    const { part, commitment, row: place, segment } = publication;
    const row = this.#running(id, part, place.segmentIndex);
    if (row.publisher !== undefined) refuse('row-already-published');
    this.#requireFacts(id, part, commitment);
    const refusal = segmentRefusal(this.#rules(id), segment);
    if (refusal !== undefined) refuse(refusal);
    const segmentRoot = segmentRootOf(segment);
    requireRow(place, segmentRoot, commitment);
    const publisher = this.#seams.accountOf(sender);
    const published = { row: concatBytes(place.sealedDigest, segmentRoot), segment, publisher };
    const untilSeconds = this.#now() + this.#seams.termsOf(id).answerPeriod;
    this.#change(id, part, { ...row, publisher, published, untilSeconds });
  }

  disproveLength(sender: Address, ...[id, { part, rowIndex }, { sealed }]: Given<'disproveLength'>): void {
    const row = this.#published(id, part, rowIndex);
    if (this.#isOfLength(row, sealed)) refuse('sealed-length-fits');
    this.#upholdRow(id, part, 'row-disproved', this.#seams.accountOf(sender), rowIndex);
  }

  disproveText(sender: Address, ...[id, { part, rowIndex }, disproof]: Given<'disproveText'>): void {
    const row = this.#published(id, part, rowIndex);
    if (!this.#isOfLength(row, disproof.sealed)) refuse('sealed-length-differs');
    this.#requireDifferent(id, row, disproof);
    this.#upholdRow(id, part, 'row-disproved', this.#seams.accountOf(sender), rowIndex);
  }

  proveDisorder(
    sender: Address,
    ...[id, { part, commitment, earlier, later }]: Given<'proveDisorder'>
  ): void {
    const participant = this.#holdFor(id, part, commitment, sender);
    if (later.segmentIndex < earlier.segmentIndex + 1) refuse('rows-too-close');
    const [one, other] = [earlier, later].map((place) => keyIn(place, commitment));
    if (compareBytes(one, other) < 0) refuse('headers-in-order');
    this.#uphold(id, part, 'disorder', participant);
  }

  proveTooManyRows(
    sender: Address,
    ...[id, { part, commitment, earlier, later }]: Given<'proveTooManyRows'>
  ): void {
    const participant = this.#holdFor(id, part, commitment, sender);
    const least = rowsMaxOf(this.#seams.termsOf(id));
    if (later.segmentIndex < earlier.segmentIndex + least) refuse('rows-too-close');
    const [one, other] = [earlier, later].map((place) => keyIn(place, commitment)[0]);
    if (one !== other) refuse('authors-differ');
    this.#uphold(id, part, 'too-many-rows', participant);
  }

  concludeQuestion(_: Address, ...[id, part, participant]: Given<'concludeQuestion'>): void {
    const one = this.#caseOf(id, part);
    const question = one.questions.find((asked) => asked.participant === participant);
    if (question?.state !== 'open') refuse('question-not-open');
    const row = one.rows.find(({ rowIndex }) => rowIndex === question.rowIndex) as Row;
    if (!this.#seams.isOpen(id)) {
      this.#endOne(id, part, participant, undefined);
      return;
    }
    if (this.#now() < row.untilSeconds) refuse('question-undecided');
    const { participants } = this.#seams.termsOf(id);
    if (row.publisher !== undefined) this.#endOne(id, part, participant, row.publisher);
    else this.#upholdRow(id, part, 'row-unanswered', participants[row.asker], row.rowIndex);
  }

  #running(id: BlockId, part: number, rowIndex: number): Row {
    const row = this.#caseOf(id, part).rows.find((asked) => asked.rowIndex === rowIndex);
    if (row === undefined) refuse('row-not-asked');
    return this.#now() < row.untilSeconds ? row : refuse('row-too-late');
  }

  #published(id: BlockId, part: number, rowIndex: number): Row {
    const row = this.#running(id, part, rowIndex);
    return row.publisher === undefined ? refuse('row-not-published') : row;
  }

  #requireFacts(id: BlockId, part: number, { partRoot, segmentCount, indexHash }: PartCommitment): void {
    const posted = this.#seams.find(id).facts.parts.find((one) => one.participant === part);
    const isIt =
      posted !== undefined &&
      [posted.partRoot, posted.segmentCount, posted.indexHash].join() ===
        [toHex(partRoot), segmentCount, toHex(indexHash)].join();
    if (!isIt) refuse('part-facts-refused');
  }

  #holdFor(id: BlockId, part: number, commitment: PartCommitment, sender: Address): number {
    const participant = this.#seams.holdProof(id, part, sender);
    this.#requireFacts(id, part, commitment);
    return participant;
  }

  #isOfLength({ published }: Row, sealed: Uint8Array): boolean {
    const { row, segment } = published as NonNullable<Row['published']>;
    if (!equalBytes(sha256(sealed), row.subarray(0, 32))) refuse('sealed-segment-refused');
    return sealed.length === segment.length + sealTagBytes;
  }

  #requireDifferent(id: BlockId, { published }: Row, disproof: TextDisproof): void {
    const { row, segment } = published as NonNullable<Row['published']>;
    const { keysRoot, blocksMax } = this.#seams.termsOf(id);
    const commitment = keyCommitmentOf(disproof.blockKey);
    const root = rootFromPath(commitment, id.blockNumber, blocksMax, disproof.keyPath);
    if (root === undefined || toHex(root) !== keysRoot) refuse('key-not-proven');
    if (disproof.place >= segment.length / placeBytes) refuse('place-outside');
    const key = segmentKeyOf(disproof.blockKey, fromHex(id.channelId), id.blockNumber, row.subarray(32));
    const at = disproof.place * placeBytes;
    const opened = open(key, disproof.sealed)?.subarray(at, at + placeBytes);
    const pieces = Math.ceil(segment.length / pieceBytes);
    const pieceAt = Math.floor(at / pieceBytes);
    const pieceRoot = rootFromPath(sha256(disproof.piece), pieceAt, pieces, disproof.piecePath);
    if (pieceRoot === undefined || !equalBytes(pieceRoot, piecesRootOf(segment))) refuse('piece-refused');
    const shown = segment.subarray(at, at + placeBytes);
    if (opened !== undefined && equalBytes(opened, shown)) refuse('nothing-disproved');
  }

  /** One that did not strike the part: its bond goes to the publisher, or back. */
  #endOne(id: BlockId, part: number, participant: number, publisher: Address | undefined): void {
    const one = this.#caseOf(id, part);
    const state = publisher === undefined ? 'returned' : 'refuted';
    const questions = one.questions.map((asked) =>
      asked.participant === participant ? { ...asked, state: state as RowQuestion['state'] } : asked,
    );
    this.#save(id, part, { ...one, questions });
    this.#seams.freeQuestions(id, 1);
    const asker = this.#seams.termsOf(id).participants[participant];
    const { question } = bondWei;
    this.#wei.move([
      publisher === undefined ? unlocked(asker, question) : handed(asker, publisher, question),
    ]);
  }

  /** All who asked about the row were right; questions about other rows go on. */
  #upholdRow(id: BlockId, part: number, fault: PartFault, prover: Address, rowIndex: number): void {
    const one = this.#caseOf(id, part);
    const isUpheld = (asked: RowQuestion): boolean => asked.state === 'open' && asked.rowIndex === rowIndex;
    const upheld = one.questions.filter(isUpheld).map(({ participant }) => participant);
    const questions = one.questions.map((asked) =>
      isUpheld(asked) ? { ...asked, state: 'returned' as const } : asked,
    );
    this.#save(id, part, { ...one, questions, isStruck: true, found: { fault, prover } });
    this.#seams.strikePart(id, part, upheld);
    this.#seams.freeQuestions(id, upheld.length);
    const { participants } = this.#seams.termsOf(id);
    this.#wei.move(upheld.map((participant) => unlocked(participants[participant], bondWei.question)));
  }

  /** The same, of what one participant shows at once, without a bond. */
  #uphold(id: BlockId, part: number, fault: PartFault, participant: number): void {
    const prover = this.#seams.termsOf(id).participants[participant];
    this.#save(id, part, { ...this.#caseOf(id, part), isStruck: true, found: { fault, prover } });
    this.#seams.strikePart(id, part, [participant]);
    this.#seams.freeQuestions(id, 1);
  }

  #change(id: BlockId, part: number, row: Row): void {
    const one = this.#caseOf(id, part);
    const rows = one.rows.map((asked) => (asked.rowIndex === row.rowIndex ? row : asked));
    this.#save(id, part, { ...one, rows });
  }

  #caseOf(id: BlockId, part: number): PartCase {
    return this.#cases.get(placeOf(id, part)) ?? unasked;
  }

  #save(id: BlockId, part: number, one: PartCase): void {
    this.#cases.set(placeOf(id, part), one);
  }
}

function placeOf(id: BlockId, part: number): string {
  return `${keyOf(id)}/${part}`;
}

function requireRow(
  { sealedDigest, segmentIndex, rowPath }: Pick<PlacedHeader, 'sealedDigest' | 'segmentIndex' | 'rowPath'>,
  segmentRoot: Uint8Array,
  { partRoot, segmentCount }: PartCommitment,
): void {
  const row = sha256(concatBytes(sealedDigest, segmentRoot));
  const root = rootFromPath(row, segmentIndex, segmentCount, rowPath);
  if (root === undefined || !equalBytes(root, partRoot)) refuse('record-place-refused');
}

/** Of a header that stands there: by what batches are ordered. */
function keyIn(place: PlacedHeader, commitment: PartCommitment): Uint8Array {
  if (place.header.length !== limits.batchHeaderBytes) refuse('batch-header-malformed');
  const segmentRoot = rootFromPath(sha256(place.header), place.batchIndex, place.batches, place.batchPath);
  if (segmentRoot === undefined) refuse('record-place-refused');
  requireRow(place, segmentRoot, commitment);
  const key = new Uint8Array(batchKeyBytes);
  writeBatchKey(place.header, 0, key, 0);
  return key;
}
