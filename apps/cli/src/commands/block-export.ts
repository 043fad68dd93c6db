/** `papyrus block export CHANNEL N`: what an outsider needs to check a settled block by own code. */

import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, fromHex, toHex } from '#encoding';
import { codeOf, messageOf } from '#environment';
import { makeFolders } from '#environment/make-folders';
import { encodeBlockReport, outputTransactions, reportHashOf } from '#protocol';
import { decodeParameters, explainImpressions, reduceBlock } from '#reduction';
import { blockState } from '../network/drive.js';
import { type OpenedBlock, openBlock } from '../network/open-block.js';
import { type ReadableNetwork, readNetwork } from '../network/read-network.js';
import { resultHashOf } from '../network/result-hash.js';
import type { RevealedWork } from '../network/revealed-work.js';
import { CommandRefused, type ExitCode, exitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';
import { parseBlockName, requireBlock } from './block-name.js';

export interface BlockExportOptions {
  readonly data: string;
  readonly out: string;
  readonly sealed?: boolean;
}

/** Parts go into block.json as base64 up to this size together; the part files hold them always. */
const inlinePartsBytesMax = 64 * 1_048_576;

export async function runBlockExport(
  channel: string,
  number: string,
  options: BlockExportOptions,
  output: Output,
): Promise<ExitCode> {
  const named = parseBlockName(channel, number);
  requireEmpty(options.out);
  return readNetwork(options.data, (network) => {
    const blockNumber = requireBlock(network, named, options.data);
    return exportBlock(network, blockNumber, options, output);
  });
}

/** Files of another block among those of this one would be taken for its own. */
function requireEmpty(out: string): void {
  if (!existsSync(out) || readdirSync(out).length === 0) return;
  throw new CommandRefused('out-not-empty', `${out} holds files already: name an empty folder or a new one`);
}

async function exportBlock(
  network: ReadableNetwork,
  blockNumber: number,
  options: BlockExportOptions,
  output: Output,
): Promise<ExitCode> {
  const { channelId } = network;
  const state = await blockState(network.chain, channelId, blockNumber);
  if (state.stage.stage !== 'settled') {
    const message = `block ${blockNumber} is in stage ${state.stage.stage}: only a settled block can be exported`;
    throw new CommandRefused('block-not-settled', message);
  }
  const block = await openBlock(network, { ...network, ...state, blockKey: network.blockKey(blockNumber) });
  const validators = (await network.revealedWork(blockNumber)).map((one) => {
    const { workDigest } = reduceBlock(block.terms, block.opened, one.validator);
    return { ...one, workDigest: toHex(workDigest as Uint8Array) };
  });
  const json = blockJson(network, blockNumber, block, validators);
  const { standing } = state.stage;
  if (!standing.includes(json.result.outputHash)) {
    const message = `reducing the stored parts gives ${json.result.outputHash}, the chain has ${standing.join(' and ')}`;
    throw new CommandRefused('result-differs', message);
  }
  const files = await writeFiles(network, block, json, options).catch((cause) => {
    // What is not of the file system has its own name.
    if (!/^E[A-Z]+$/.test(codeOf(cause) ?? '')) throw cause;
    const message = `the block cannot be written to ${options.out}: ${messageOf(cause)}`;
    throw new CommandRefused('out-unavailable', message, { cause });
  });
  output.line(`Block ${blockNumber} of ${channelId}: ${files.length} files in ${options.out}`);
  output.line(`outputHash ${json.result.outputHash}, as the chain has it`);
  output.result({ channelId, blockNumber, out: options.out, files, outputHash: json.result.outputHash });
  return exitCode.ok;
}

function blockJson(
  network: ReadableNetwork,
  blockNumber: number,
  block: OpenedBlock,
  validators: readonly (RevealedWork & { readonly workDigest: Digest })[],
) {
  const { output, rules, terms } = block;
  const decoded = decodeParameters(terms.parameters, terms.roles);
  if (!decoded.ok) throw new Error(`an open channel has parameters of none: ${decoded.refusal.code}`);
  const settlementRoot = toHex(output.settlementRoot);
  const impressionCount = output.impressionCount;
  const { channelId } = network;
  const reportBytes = encodeBlockReport(output.report);
  const partBytes = block.parts.reduce((sum, part) => sum + part.plaintext.length, 0);
  const commitments = block.parts.map(({ participant, commitment }) => [
    participant,
    {
      partRoot: toHex(commitment.partRoot),
      segmentCount: commitment.segmentCount,
      indexHash: toHex(commitment.indexHash),
    },
  ]);
  const parts = block.parts
    .filter((part) => part.reason === undefined)
    .map((part) => [part.participant, Buffer.from(part.plaintext).toString('base64')]);
  return {
    name: `block ${blockNumber} of ${channelId}`,
    domain: { name: 'Papyrus', version: '1', ...network.domain },
    channelId,
    blockNumber,
    terms: { ...network.terms, ...plainTerms(network.terms) },
    roles: terms.roles,
    parameters: {
      ...decoded.parameters,
      requireViewable: Number(decoded.parameters.requireViewable),
      auditorFeeNano: plainNumbers(decoded.parameters.auditorFeeNano),
      encoded: toHex(terms.parameters),
    },
    signers: rules.signers.map((signer) => (signer === undefined ? null : toHex(signer))),
    parts: partBytes <= inlinePartsBytesMax ? Object.fromEntries(parts) : null,
    blockKey: toHex(rules.blockKey),
    commitments: Object.fromEntries(commitments),
    result: {
      settlementRoot,
      reportHash: toHex(reportHashOf(reportBytes)),
      outputHash: resultHashOf(channelId, blockNumber, output),
      impressionCount,
      amounts: output.amounts.map(String),
      validParts: output.validParts,
      outputTransactions: outputTransactions(output.amounts).map(({ payee, nano }) => ({
        payee,
        nano: nano.toString(),
      })),
      report: plainNumbers(output.report),
      reportBytes: toHex(reportBytes),
    },
    ...validators[0],
    validators,
  };
}

async function writeFiles(
  network: ReadableNetwork,
  block: OpenedBlock,
  json: object,
  options: BlockExportOptions,
): Promise<string[]> {
  makeFolders(options.out);
  const files = ['block.json', 'impressions.ndjson'];
  const text = JSON.stringify(json, (_, value) => (typeof value === 'bigint' ? value.toString() : value), 1);
  writeFileSync(join(options.out, 'block.json'), `${text}\n`);
  for (const part of block.parts) {
    if (part.reason !== undefined) continue;
    files.push(`part-${part.participant}.bin`);
    writeFileSync(join(options.out, `part-${part.participant}.bin`), part.plaintext);
  }
  await writeImpressions(join(options.out, 'impressions.ndjson'), block);
  if (options.sealed !== true) return files;
  mkdirSync(join(options.out, 'sealed'));
  const stored = [...new Set(block.parts.flatMap((part) => part.stored))];
  let at = 0;
  for await (const bytes of network.partStore.getMany(stored.map(fromHex))) {
    const digest = stored[at++];
    if (typeof bytes === 'string') continue;
    const name = join('sealed', `${digest.slice(2)}.bin`);
    writeFileSync(join(options.out, name), bytes);
    files.push(name);
  }
  return files;
}

async function writeImpressions(path: string, block: OpenedBlock): Promise<void> {
  const file = createWriteStream(path);
  for (const one of explainImpressions(block.terms, block.opened)) {
    const line = JSON.stringify({
      impressionKey: toHex(one.impressionKey),
      records: one.records,
      kept: one.keptHashes.length,
      outcomes: outcomesOf(one.outcomes),
      contradictory: one.contradictory,
      flooding: one.flooding,
      amounts: one.amounts.map(String),
      leaf: toHex(one.leaf),
    });
    if (!file.write(`${line}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

/** One outcome a seller; `priceDiffers` where two prices stood apart and one was paid or judged. */
function outcomesOf(outcomes: readonly { seller: number | undefined; reason: string; nano: bigint }[]) {
  const differs = new Set(outcomes.filter((one) => one.reason === 'price-differs').map((one) => one.seller));
  return outcomes
    .filter((one) => one.reason !== 'price-differs')
    .map((one) => ({
      seller: one.seller ?? null,
      reason: one.reason,
      nano: one.nano.toString(),
      priceDiffers: differs.has(one.seller),
    }));
}

/** The large integers of the terms as the golden vectors write them. */
function plainTerms({ tokenPerUnit, priceNanoMax }: { tokenPerUnit: bigint; priceNanoMax: bigint }) {
  return { tokenPerUnit: tokenPerUnit.toString(), priceNanoMax: plainNumbers(priceNanoMax) };
}

/** Counts of a report as numbers where a number holds them exactly, as the golden vectors write them. */
function plainNumbers(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString();
  }
  if (Array.isArray(value)) return value.map(plainNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plainNumbers(one)]));
}
