/** `papyrus channel propose | sign | open`: from a draft to an open channel, a file that everybody signs. */
import { existsSync } from 'node:fs';
import { currentKeysOf, openChannelBox } from '#block-watch';
import type { ChainSnapshot, TokenFacts } from '#chain';
import { sealBox, signDigest } from '#crypto';
import { fromHex, type Hex, isZero, toHex } from '#encoding';
import { systemEntropy } from '#environment';
import {
  boxesHashOf,
  type ChannelTerms,
  channelIdOf,
  keyCommitments,
  keysRootOf,
  signableData,
  termsFault,
  termsStruct,
} from '#protocol';
import { policiesOf, readDraft, termsOf } from '../channel/draft.js';
import { merged, type Proposal, readProposal, writeProposal } from '../channel/proposal.js';
import { printTerms } from '../channel/terms-tables.js';
import { type ChainOptions, type ChainSession, onChain } from '../chain/chain-session.js';
import { accountIn, keysOf, participantIn } from '../chain/own-keys.js';
import { readSecret } from '../keys/key-folder.js';
import { CommandRefused, type ExitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';

interface OpeningOptions extends ChainOptions {
  readonly keys: string;
}

export interface ProposeOptions extends OpeningOptions {
  readonly out: string;
}

/** Makes the channel secret, boxes it for everybody, and forgets it: the proposer has its own box. */
export function runChannelPropose(file: string, options: ProposeOptions, output: Output): Promise<ExitCode> {
  const { account } = keysOf(options.keys, 'participant');
  const draft = readDraft(file);
  if (existsSync(options.out)) {
    throw new CommandRefused('out-not-empty', `${options.out} is there already: name a new file`);
  }
  return onChain(options, output, async (session) => {
    const accounts = draft.participants.map((one) => one.account);
    // Who makes the secret can read every part.
    participantIn(accounts, account, file);
    const now = await session.latest();
    const encryptionKeys = await Promise.all(accounts.map((one) => encryptionKeyOf(now, one)));
    const secret = systemEntropy.bytes(32);
    const boxes = encryptionKeys.map((key) => toHex(sealBox(secret, key, systemEntropy.bytes(56))));
    const terms = termsOf(draft, {
      keysRoot: toHex(keysRootOf(keyCommitments(secret, draft.blocksMax))),
      boxesHash: boxesHashOf(boxes),
      salt: toHex(systemEntropy.bytes(32)),
    });
    secret.fill(0);
    requireOpenable(terms, now);
    const token = await tokenOf(terms, now);
    const { domain } = session;
    const signatures = accounts.map(() => null);
    const proposal: Proposal = { domain, channelId: channelIdOf(domain, terms), terms, boxes, signatures };
    printTerms(terms, signedOf(proposal), token, output);
    if (!session.isDryRun) {
      await writeProposal(options.out, proposal);
      output.line(`${options.out} is the proposal of channel ${proposal.channelId}.`);
      output.line('Each participant signs it: papyrus channel sign');
    }
    return { file: options.out, channelId: proposal.channelId, terms };
  });
}

export function runChannelSign(file: string, options: OpeningOptions, output: Output): Promise<ExitCode> {
  const { secret, address } = accountIn(options.keys, 'participant');
  const encryptionSecret = readSecret(options.keys, 'encryption');
  const proposal = readProposal(file);
  return onChain(options, output, async (session) => {
    const { terms, channelId, boxes } = proposal;
    requireSameChain(proposal, session);
    const index = participantIn(terms.participants, address, file);
    const now = await session.latest();
    requireOpenable(terms, now);
    const token = await tokenOf(terms, now);
    const opened = await openChannelBox(terms, fromHex(boxes[index]), encryptionSecret);
    if (!opened.ok) throw new CommandRefused('proposal-not-ours', `${opened.code}: ${opened.message}`);
    printTerms(terms, signedOf(proposal), token, output);
    session.signs('channel terms', signableData(session.domain, termsStruct, terms));
    if (session.isDryRun) return { file, channelId, missing: missingOf(proposal) };
    const signature = toHex(signDigest(fromHex(channelId), secret));
    const signed = { ...proposal, signatures: proposal.signatures.with(index, signature) };
    await writeProposal(file, signed);
    const missing = missingOf(signed);
    output.line(`Participant ${index} has signed channel ${channelId}.`);
    output.line(
      missing.length > 0 ? `Missing: ${missing.join(', ')}` : 'All have signed: papyrus channel open',
    );
    return { file, channelId, missing };
  });
}

/** Several files: copies of one proposal that participants signed at the same time. */
export function runChannelOpen(
  files: readonly string[],
  options: OpeningOptions,
  output: Output,
): Promise<ExitCode> {
  const { secret } = accountIn(options.keys, 'participant');
  const proposal = merged(files.map(readProposal));
  return onChain(options, output, async (session) => {
    const { terms, channelId, boxes } = proposal;
    requireSameChain(proposal, session);
    const signatures = proposal.signatures.filter((one): one is Hex => one !== null);
    const missing = missingOf(proposal);
    if (missing.length > 0) {
      const message = `${missing.join(', ')} have not signed: each does by papyrus channel sign`;
      throw new CommandRefused('signatures-missing', message);
    }
    const now = await session.latest();
    if ((await now.channel(channelId)) !== undefined) {
      output.line(`Channel ${channelId} is open already.`);
      return { channelId };
    }
    requireOpenable(terms, now);
    printTerms(terms, signedOf(proposal), await tokenOf(terms, now), output);
    const acts = session.chain.participantActs(secret);
    await session.act('open the channel', () => acts.openChannel(terms, signatures, boxes));
    if (!session.isDryRun) output.line(`Channel ${channelId} is open.`);
    return { channelId };
  });
}

/** Whether the contracts would open a channel of these terms at present. */
function requireOpenable(terms: ChannelTerms, { timestampSeconds }: ChainSnapshot): void {
  const { auditorFeeNano } = policiesOf(terms);
  const fault = termsFault(terms, { auditorFeeNano, openedAtSeconds: timestampSeconds });
  if (fault !== undefined) throw new CommandRefused('terms-refused', fault);
}

/** What the token says of itself; refuses an address at which there is none. */
async function tokenOf(terms: ChannelTerms, now: ChainSnapshot): Promise<TokenFacts> {
  const facts = await now.tokenFacts(terms.token);
  if (facts !== undefined) return facts;
  throw new CommandRefused('terms-refused', `at ${terms.token} there is no ERC-20 token on this chain`);
}

function requireSameChain({ domain }: Proposal, session: ChainSession): void {
  const { chainId, verifyingContract } = session.domain;
  if (domain.chainId === chainId && domain.verifyingContract === verifyingContract.toLowerCase()) return;
  const message =
    `the proposal is for chain ${domain.chainId} and contracts at ${domain.verifyingContract};` +
    ` this is chain ${chainId} with ${verifyingContract}`;
  throw new CommandRefused('proposal-not-ours', message);
}

async function encryptionKeyOf(now: ChainSnapshot, account: Hex): Promise<Uint8Array> {
  const keys = await currentKeysOf(now, account);
  const key = keys === undefined ? undefined : fromHex(keys.encryptionKey);
  if (key !== undefined && !isZero(key)) return key;
  const message = `${account} has no keys in the registry: it registers them by papyrus keys register`;
  throw new CommandRefused('participant-unknown', message);
}

function signedOf({ signatures }: Proposal): boolean[] {
  return signatures.map((one) => one !== null);
}

function missingOf({ terms, signatures }: Proposal): string[] {
  return terms.participants.filter((_, index) => signatures[index] === null);
}
