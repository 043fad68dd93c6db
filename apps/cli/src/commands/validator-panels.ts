/**
 * `papyrus validator panels, answer`: the panels in which a validator sits, and its next step in one, as its
 * service would make it now.
 */
import { committedWord, panelWordOf } from '#apps/validator/src/panel-words';
import { keepServed } from '#apps/validator/src/served-part';
import { BlockWatch, committedPart, PartRetention, type WatchedBlock } from '#block-watch';
import type { Chain, ChainOutcome, DisputeActs, EventCursor } from '#chain';
import { type PanelSeat, panelSeats } from '#dispute';
import type { Address } from '#encoding';
import { silentLog } from '#environment';
import type { PartStore } from '#part-store';
import { openMemoryPartStore } from '#part-store/memory-part-store';
import { type BlockId, isDue, panelCommitmentOf } from '#protocol';
import { type ChainOptions, onChain } from '../chain/chain-session.js';
import { accountIn } from '../chain/own-keys.js';
import { nothingToSay } from '../dispute/silence-words.js';
import { openGivenParts } from '../network/block-source.js';
import type { ExitCode } from '../report/command-refused.js';
import { type Output, timeText } from '../report/output.js';
import { type BlockName, parseBlockName } from './block-name.js';

export interface ValidatorPanelsOptions extends ChainOptions {
  readonly keys: string;
}

interface Seat {
  readonly block: WatchedBlock;
  readonly seat: PanelSeat;
}

/** All seats in panels that are not over. */
export function runValidatorPanels(options: ValidatorPanelsOptions, output: Output): Promise<ExitCode> {
  const { address } = accountIn(options.keys, 'validator');
  return onChain(options, output, async ({ chain }) => {
    const seats = await seatsOf(chain, address);
    output.line(seats.length === 0 ? `${address} sits in no open panel.` : `Panels of ${address}`);
    if (seats.length > 0) {
      output.table(
        ['channel', 'block', 'part of', 'round', 'next', 'when'],
        seats.map(({ block, seat: { part, round, step, due } }) => [
          block.channelId.slice(0, 10),
          ...[block.blockNumber, part, round].map(String),
          step,
          `${isDue(due) ? 'until' : 'from'} ${untilText('untilSeconds' in due ? due.untilSeconds : undefined)}`,
        ]),
        6,
      );
    }
    return { account: address, panels: seats.map(shownSeat) };
  });
}

function shownSeat({ block, seat: { part, round, step, due } }: Seat) {
  const { channelId, blockNumber } = block;
  const untilSeconds = ('untilSeconds' in due ? due.untilSeconds : undefined) ?? null;
  return { channelId, blockNumber, part, round, step, isDue: isDue(due), untilSeconds };
}

function untilText(untilSeconds: number | undefined): string {
  return untilSeconds === undefined ? 'any time' : timeText(untilSeconds);
}

export interface ValidatorAnswerOptions extends ValidatorPanelsOptions {
  readonly part: number;
  readonly parts: string;
}

/** Commits to whether the part store has the part, reveals that, counts the words, or gets the bond back. */
export function runValidatorAnswer(
  channel: string,
  number: string,
  options: ValidatorAnswerOptions,
  output: Output,
): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'validator');
  const name = parseBlockName(channel, number);
  return onChain(options, output, async ({ chain, act, isDryRun }) => {
    const found = await seatsOf(chain, address, name);
    const mine = found.find(({ seat }) => seat.part === options.part);
    if (mine === undefined) throw nothingToSay('no-seat');
    const { seat, block } = mine;
    if (!isDue(seat.due)) {
      const at = 'untilSeconds' in seat.due ? seat.due.untilSeconds : undefined;
      throw nothingToSay('panel-time', `: ${seat.step} from ${untilText(at)} on`);
    }
    const speaker = { member: address.toLowerCase() as Address, privateKey: secret };
    const said = await saidIn(mine, speaker, chain, options.parts, isDryRun);
    if (said !== undefined) output.line(`The part of participant ${seat.part} is ${heldText(said)}.`);
    const acts = chain.disputeActs(secret);
    await act(doing[seat.step], () => send(acts, mine, speaker, said));
    const { isDue: _, untilSeconds: __, ...shown } = shownSeat({ seat, block });
    return { account: address, ...shown, isHeld: said ?? null };
  });
}

const doing = {
  commit: 'commit to a word in a panel',
  reveal: 'reveal the word in a panel',
  conclude: 'count the words of a panel',
  release: 'get the bonds of a panel back',
} as const;

function heldText(isHeld: boolean): string {
  return isHeld ? 'served: index, pages and sealed segments are all there' : 'not served: blocks are missing';
}

interface Speaker {
  readonly member: Address;
  readonly privateKey: Uint8Array;
}

/** What it says of the part; undefined where the step says nothing. */
async function saidIn(
  { block, seat }: Seat,
  speaker: Speaker,
  chain: Chain,
  parts: string,
  isDryRun: boolean,
): Promise<boolean | undefined> {
  const { channelId, blockNumber } = block;
  if (seat.step === 'commit') return isServed({ block, seat }, speaker, chain, parts, isDryRun);
  if (seat.step !== 'reveal') return undefined;
  const panel = block.dispute?.parts.find((one) => one.part === seat.part)?.panel;
  const { commitment } = panel?.rounds[seat.round].members[seat.place] ?? {};
  const word = committedWord(speaker, { channelId, blockNumber, ...seat }, commitment);
  if (word === undefined) throw nothingToSay('commitment-of-another');
  return word.isHeld;
}

/** Whoever asks by hand waits, or ends the command. */
const unhurriedMs = Number.POSITIVE_INFINITY;

/** Keeps the part in the store as the service does, for who says so serves it; not in a dry run. */
async function isServed(
  { block, seat }: Seat,
  { member }: Speaker,
  chain: Chain,
  parts: string,
  isDryRun: boolean,
): Promise<boolean> {
  const posted = block.facts.parts.find(({ participant }) => participant === seat.part);
  if (posted === undefined) return false;
  const store = openGivenParts(parts, isDryRun ? 'read' : 'write');
  try {
    const keeping: PartStore = isDryRun ? openMemoryPartStore() : store;
    const ports = { partStore: keeping, otherStores: isDryRun ? [store] : [], log: silentLog };
    const retention = new PartRetention(member, { chain, partStore: keeping, log: silentLog });
    const owner = `${retention.ownerOf(block.channelId, block.blockNumber)}/part-${seat.part}`;
    const served = await keepServed(committedPart(posted).commitment, owner, unhurriedMs, ports);
    if (served === 'unsure') throw nothingToSay('part-unsure');
    return served === 'held';
  } finally {
    await store.close();
  }
}

function send(
  acts: DisputeActs,
  { block, seat }: Seat,
  speaker: Speaker,
  isHeld = false,
): Promise<ChainOutcome> {
  const { part, place, step } = seat;
  const { channelId, blockNumber } = block;
  const word = panelWordOf(speaker, { channelId, blockNumber, ...seat }, isHeld);
  switch (step) {
    case 'commit':
      return acts.commitPanel(block, part, place, panelCommitmentOf(word));
    case 'reveal':
      return acts.revealPanel(block, part, place, word.isHeld, word.salt);
    case 'conclude':
      return acts.concludePanel(block, part);
    case 'release':
      return acts.releasePanel(block, part);
  }
}

/** Of all blocks with panels, or of the one that is named. */
async function seatsOf(chain: Chain, member: Address, name?: BlockName): Promise<Seat[]> {
  const blocks = new Map<string, BlockId>();
  let cursor: EventCursor | undefined;
  for (let isLast = false; !isLast; ) {
    const page = await chain.events(cursor, { kinds: ['panel-drawn'] });
    for (const event of page.events) {
      if (event.kind !== 'panel-drawn') continue;
      const { channelId, blockNumber } = event;
      const isNamed =
        name === undefined || (channelId.startsWith(name.channel) && blockNumber === name.blockNumber);
      if (isNamed) blocks.set(`${channelId}/${blockNumber}`, { channelId, blockNumber });
    }
    ({ cursor, isLast } = page);
  }
  const found = await new BlockWatch({}, { chain }).blocksOf([...blocks.values()]);
  return found.flatMap((block) => {
    const { dispute, height } = block;
    if (dispute === undefined) return [];
    const seats = panelSeats({ block, dispute, height }, member.toLowerCase() as Address);
    return seats.map((seat) => ({ block, seat }));
  });
}
