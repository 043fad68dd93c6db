/**
 * A proposal: terms with the boxed channel secret and the signatures that it has got so far, as a file that
 * goes from participant to participant.
 */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { hexOf } from '#api';
import { recoverSigner } from '#crypto';
import { fromHex, type Hex, utf8 } from '#encoding';
import { replaceFile, systemFiles } from '#environment';
import { boxesHashOf, type ChannelId, type ChannelTerms, type Eip712Domain, isIdOf } from '#protocol';
import { CommandRefused, onFile } from '../report/command-refused.js';
import { plainTerms, termsSchema } from './terms-json.js';

export interface Proposal {
  readonly domain: Eip712Domain;
  readonly channelId: ChannelId;
  readonly terms: ChannelTerms;
  /** In participant order. */
  readonly boxes: readonly Hex[];
  /** By participant; null while it has not signed. */
  readonly signatures: readonly (Hex | null)[];
}

const whole = z.number().int().min(0);

const proposalSchema = z.strictObject({
  schemaVersion: z.literal(1),
  chainId: whole,
  verifyingContract: hexOf(20),
  channelId: hexOf(32),
  terms: termsSchema,
  boxes: z.array(hexOf(104)),
  signatures: z.array(hexOf(65).nullable()),
});

/** Refuses a file that is none, and one whose parts do not belong together. */
export function readProposal(path: string): Proposal {
  if (!existsSync(path)) {
    throw new CommandRefused('proposal-not-found', `${path} is not there: papyrus channel propose makes one`);
  }
  const parsed = proposalSchema.safeParse(jsonOf(onFile(path, () => readFileSync(path, 'utf8'))));
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0];
    throw damaged(path, `${at.join('.') || 'it'}: ${message}`);
  }
  const { chainId, verifyingContract, channelId, boxes, signatures } = parsed.data;
  const terms: ChannelTerms = parsed.data.terms;
  const domain = { chainId, verifyingContract };
  const proposal = { domain, channelId, terms, boxes, signatures };
  const fault = proposalFault(proposal);
  if (fault !== undefined) throw damaged(path, fault);
  return proposal;
}

/** What does not belong together, as a sentence. */
function proposalFault({ domain, channelId, terms, boxes, signatures }: Proposal): string | undefined {
  const count = terms.participants.length;
  if (boxes.length !== count || signatures.length !== count) {
    return `${count} participants have as many boxes and signatures`;
  }
  if (boxesHashOf(boxes) !== terms.boxesHash) return 'the boxes are not those of the terms';
  if (!isIdOf(channelId, domain, terms)) return 'the channelId is not that of the terms';
  for (const [index, signature] of signatures.entries()) {
    const account = terms.participants[index];
    if (signature !== null && !isSignedBy(channelId, signature, account)) {
      return `the signature of participant ${index} is not one of ${account}`;
    }
  }
  return undefined;
}

function isSignedBy(channelId: ChannelId, signature: Hex, account: Hex): boolean {
  return recoverSigner(fromHex(channelId), fromHex(signature))?.toLowerCase() === account.toLowerCase();
}

/** Under its name there is always a whole file; the same for the same proposal. */
export async function writeProposal(path: string, proposal: Proposal): Promise<void> {
  const { domain, terms, ...rest } = proposal;
  const text = JSON.stringify({ schemaVersion: 1, ...domain, terms: plainTerms(terms), ...rest }, null, 2);
  try {
    await (await replaceFile(systemFiles, path, [utf8(`${text}\n`)])).close();
  } catch (cause) {
    onFile(path, () => {
      throw cause;
    });
  }
}

/** Copies of one proposal, each with the signatures of some. */
export function merged(proposals: readonly Proposal[]): Proposal {
  const [first, ...others] = proposals;
  for (const other of others) {
    if (other.channelId !== first.channelId) {
      throw damaged('the files', `are of two channels, ${first.channelId} and ${other.channelId}`);
    }
  }
  const signatures = first.signatures.map(
    (_, index) => proposals.map((one) => one.signatures[index]).find((one) => one !== null) ?? null,
  );
  return { ...first, signatures };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function damaged(path: string, what: string): CommandRefused {
  return new CommandRefused('proposal-damaged', `${path}: ${what}`);
}
