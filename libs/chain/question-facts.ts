/**
 * The questions about a block's parts: which there were, and what was published, from the log; where each
 * stands, from what is stored. The log is not believed: published bytes are held against the root over their
 * pieces, and every event that the contracts' words speak of has to be there.
 */
import { piecesRootOf } from '#dispute';
import { type Address, type Digest, type Hex, toHex } from '#encoding';
import {
  type AskedRowFacts,
  type PanelFacts,
  type PanelMember,
  type PanelRoundFacts,
  type PartFault,
  type PublishedRowFacts,
  partFaults,
  type QuestionedPartFacts,
  type RowQuestion,
} from '#protocol';
import { secondsUnlessZero } from './contract-tuples.js';
import { type DisputeAt, type DisputeEvent, isNobody, MissingEvent } from './dispute-reading.js';
import {
  type QuestionsTuple,
  type RoundTuple,
  type RowTuple,
  rowBytesOf,
  type StandingTuple,
} from './dispute-tuples.js';

const zeroWord: Hex = `0x${'00'.repeat(32)}`;
/** Each says that the part was questioned, or found at fault. */
const firstKinds: ReadonlySet<string> = new Set(['row-asked', 'fault-found', 'panel-asked']);

/** Ascending by part. */
export async function questionedPartsIn(
  at: DisputeAt,
  events: readonly DisputeEvent[],
): Promise<QuestionedPartFacts[]> {
  const named = events.filter(({ kind }) => firstKinds.has(kind)).map(({ fields }) => Number(fields.part));
  const parts = [...new Set(named)].sort((one, other) => one - other);
  const found = await Promise.all(
    parts.map((part) =>
      partAt(
        at,
        part,
        events.filter(({ fields }) => fields.part === BigInt(part)),
      ),
    ),
  );
  const open = found.flatMap(({ questions, panel }) => [
    ...questions.filter(({ state }) => state === 'open'),
    ...(panel?.isOver === false ? [panel] : []),
  ]);
  if (open.length < Number(at.words.questions) && (await at.isOpen())) throw new MissingEvent('question');
  return found;
}

async function partAt(
  at: DisputeAt,
  part: number,
  events: readonly DisputeEvent[],
): Promise<QuestionedPartFacts> {
  const { id, view, words } = at;
  const values = [id.channelId, id.blockNumber, part];
  const asked = await view<QuestionsTuple>('Questions', 'questionsOf', values);
  const questions = asked.rowIndexes.flatMap((rowIndex, participant) =>
    isIn(asked.asked, participant) ? [questionAt(asked, participant, Number(rowIndex), events)] : [],
  );
  const rows = [...new Set(questions.map(({ rowIndex }) => rowIndex))];
  const panel = await panelAt(at, part, events);
  return {
    part,
    isStruck: isIn(words.struck, part),
    askedRows: Number(asked.asked),
    isPanelAsked: panel !== undefined,
    questions,
    rows: await Promise.all(rows.map((rowIndex) => rowAt(at, part, rowIndex, events))),
    ...(asked.isStruck ? { found: faultIn(events) } : {}),
    ...(panel === undefined ? {} : { panel }),
  };
}

function questionAt(
  { open }: QuestionsTuple,
  participant: number,
  rowIndex: number,
  events: readonly DisputeEvent[],
): RowQuestion {
  if (isIn(open, participant)) return { participant, rowIndex, state: 'open' };
  const { isRefuted } = lastIn(events, 'question-ended', { participant: BigInt(participant) });
  return { participant, rowIndex, state: isRefuted === true ? 'refuted' : 'returned' };
}

function faultIn(events: readonly DisputeEvent[]): {
  readonly fault: PartFault;
  readonly prover: Address;
} {
  const { fault, prover } = lastIn(events, 'fault-found', {}) as { fault: bigint; prover: Address };
  return { fault: partFaults[Number(fault)], prover };
}

async function rowAt(
  { id, view }: DisputeAt,
  part: number,
  rowIndex: number,
  events: readonly DisputeEvent[],
): Promise<AskedRowFacts> {
  const values = [id.channelId, id.blockNumber, part, rowIndex];
  const row = await view<RowTuple>('Questions', 'rowOf', values);
  const isPublished = !isNobody(row.publisher);
  return {
    ...{ part, rowIndex, asker: Number(row.asker), isPublished },
    untilSeconds: Number(row.until),
    ...(isPublished ? { published: publishedIn(row, rowIndex, events) } : {}),
  };
}

function publishedIn(row: RowTuple, rowIndex: number, events: readonly DisputeEvent[]): PublishedRowFacts {
  const told = lastIn(events, 'row-published', { rowIndex: BigInt(rowIndex) });
  const segment = told.segment as Uint8Array;
  if (toHex(piecesRootOf(segment)) !== row.piecesRoot) throw new MissingEvent(`row-published ${rowIndex}`);
  return { row: rowBytesOf(row), segment, publisher: row.publisher };
}

async function panelAt(
  { id, view }: DisputeAt,
  part: number,
  events: readonly DisputeEvent[],
): Promise<PanelFacts | undefined> {
  const values = [id.channelId, id.blockNumber, part];
  const { asker, round, isOver } = await view<StandingTuple>('Panel', 'standing', values);
  if (isNobody(asker)) return undefined;
  const rounds = await Promise.all(
    Array.from({ length: Number(round) + 1 }, async (_, index) =>
      roundOf(await view<RoundTuple>('Panel', 'roundAt', [...values, index]), index, events),
    ),
  );
  if (!isOver) return { asker, rounds, isOver };
  const ended = events.findLast(({ kind }) => kind === 'panel-concluded' || kind === 'panel-released');
  if (ended === undefined) throw new MissingEvent('panel-concluded');
  const { isHeld } = ended.fields as { isHeld?: boolean };
  return { asker, rounds, isOver, ...(isHeld === undefined ? {} : { isHeld }) };
}

function roundOf(round: RoundTuple, index: number, events: readonly DisputeEvent[]): PanelRoundFacts {
  return {
    seedHeight: Number(round.height),
    namedAtSeconds: Number(round.namedAt),
    ...secondsUnlessZero('drawnAtSeconds', round.drawnAt),
    ...(isNobody(round.appellant) ? {} : { appellant: round.appellant }),
    members: round.members.map((account, place): PanelMember => {
      if (isIn(round.revealed, place)) {
        const about = { round: BigInt(index), validator: account };
        return { account, isHeld: lastIn(events, 'panel-revealed', about).isHeld === true };
      }
      const commitment = round.commitments[place] as Digest;
      return commitment === zeroWord ? { account } : { account, commitment };
    }),
  };
}

/** The fields of the last event of a kind with these fields. */
function lastIn(
  events: readonly DisputeEvent[],
  wanted: string,
  about: Readonly<Record<string, unknown>>,
): DisputeEvent['fields'] {
  const event = events.findLast(
    ({ kind, fields }) =>
      kind === wanted && Object.entries(about).every(([name, value]) => fields[name] === value),
  );
  if (event !== undefined) return event.fields;
  throw new MissingEvent(`${wanted} ${Object.values(about).join(' ')}`);
}

function isIn(mask: bigint, index: number): boolean {
  return ((mask >> BigInt(index)) & 1n) === 1n;
}
