/** `papyrus record verify FILE`: whether a proof holds, by itself and against a chain. */
import type { Chain } from '#chain';
import { openChain } from '#chain/open-chain';
import type { Address } from '#encoding';
import { silentLog } from '#environment';
import { blockStart, recordAt, stageOf } from '#protocol';
import { checkProof, type ImpressionProof, type ProvenImpression } from '#proofs';
import { readProof } from '../proof/proof-file.js';
import { printProven, provenJson } from '../proof/proven-tables.js';
import { CommandRefused, type ExitCode, exitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';

/** Without chain and lens it is checked by itself alone. */
export interface RecordVerifyOptions {
  readonly chain?: string;
  readonly lens?: Address;
}

const timing = { pollIntervalMs: 1_000, requestTimeoutMs: 15_000, inclusionTimeoutMs: 60_000 };

export async function runRecordVerify(
  file: string,
  { chain: url, lens }: RecordVerifyOptions,
  output: Output,
): Promise<ExitCode> {
  const proof = readProof(file);
  const proven = checkProof(proof);
  if ('fault' in proven) throw refused(`${file} does not hold: ${proven.fault}`);
  if ((url === undefined) !== (lens === undefined)) {
    throw new CommandRefused('usage', 'a chain is named by --chain and --lens together');
  }
  const isOnChain = url !== undefined && lens !== undefined;
  if (isOnChain) {
    const chain = await openChain(url, { ...timing, lens, log: silentLog });
    await compareWithChain(chain, proof, proven).finally(() => chain.close());
  }
  printProven(proof, proven, output);
  output.line(
    isOnChain ? 'The proof holds, and the chain has' : 'The proof holds by itself. What remains is to',
  );
  output.line(
    isOnChain
      ? 'settled this result, these parts and these signers.'
      : 'compare result, signers and part roots with the chain: --chain, --lens.',
  );
  output.result({ file, isOnChain, ...provenJson(proof, proven) });
  return exitCode.ok;
}

async function compareWithChain(
  chain: Chain,
  proof: ImpressionProof,
  { outputHash, records }: ProvenImpression,
): Promise<void> {
  const { chainId, verifyingContract } = await chain.domain();
  if (
    chainId !== proof.domain.chainId ||
    verifyingContract.toLowerCase() !== proof.domain.verifyingContract
  ) {
    throw refused(
      `the proof is of chain ${proof.domain.chainId}, contracts ${proof.domain.verifyingContract}`,
    );
  }
  const { channelId, blockNumber } = proof;
  const now = await chain.snapshot({ finality: 'latest' });
  const channel = await now.channel(channelId);
  if (channel === undefined) throw refused(`the chain has no channel ${channelId}`);
  const facts = await now.blockFacts(channelId, blockNumber);
  const stage = stageOf(channel.terms, blockNumber, facts, now.timestampSeconds, channel.closedAtSeconds);
  if (stage.stage !== 'settled' || !stage.standing.includes(outputHash)) {
    throw refused(`the block is in stage ${stage.stage} on the chain, not settled by ${outputHash}`);
  }
  const start = blockStart(channel.terms, blockNumber);
  for (const { record, signer, participant, partRoot, segmentCount } of records) {
    const posted = facts.parts.find((part) => part.participant === participant);
    if (posted?.partRoot !== partRoot || posted.segmentCount !== segmentCount) {
      throw refused(`participant ${participant} posted part ${posted?.partRoot}, not ${partRoot}`);
    }
    const author = record[recordAt.author];
    const keys = await now.keysAt(channel.terms.participants[author], start);
    if (keys?.recordKey.toLowerCase() !== signer.toLowerCase()) {
      throw refused(`participant ${author} signed records of the block by ${keys?.recordKey}, not ${signer}`);
    }
  }
}

function refused(message: string): CommandRefused {
  return new CommandRefused('proof-refused', message);
}
