/** Options that several commands share, and how the text of each is read. */
import { existsSync, statSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Address } from '#encoding';
import { parseAddress } from './chain/parse-address.js';
import type { ExitCode } from './report/command-refused.js';
import { formatCount, type Output } from './report/output.js';

/** Takes how a command ended. */
export type End = (code: ExitCode) => void;

/** Gets commands; `output` and `end` are theirs. */
export interface Definitions {
  readonly program: Command;
  readonly output: Output;
  readonly end: End;
}

export const jsonOption = new Option('--json', 'NDJSON on standard output, the last line is the result');

/** The data folder of a network that is there. */
export const networkOption = new Option('--data <dir>', 'the data folder of the network')
  .argParser(folder)
  .makeOptionMandatory();

/** What every command on a chain takes. */
export function withChain(command: Command): Command {
  return command
    .addOption(chainOption().makeOptionMandatory())
    .addOption(lensOption().makeOptionMandatory())
    .option('--dry-run', 'show what would be signed and called; post and write nothing')
    .addOption(jsonOption);
}

export function chainOption(): Option {
  return new Option('--chain <url>', 'JSON-RPC of a node').env('CHAIN').argParser(chainUrl);
}

/** Which schemes there are is for the chain to say. */
function chainUrl(text: string): string {
  if (!/^https?:/i.test(text) || URL.canParse(text)) return text;
  throw new InvalidArgumentError('a URL such as http://127.0.0.1:8545');
}

export function lensOption(): Option {
  const what = 'address of the Lens, which names the other contracts';
  return new Option('--lens <address>', what).env('LENS').argParser(address);
}

/** Whose keys a command acts with. */
export function keysOption(): Option {
  return new Option('--keys <dir>', 'folder of keys that keys new made').argParser(folder);
}

/** In lines of a terminal, as a shell takes them. */
export function example(command: string): string {
  const lines: string[] = [];
  for (const word of command.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length <= 74) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return `\nExample:\n  ${lines.join(' \\\n    ')}`;
}

/** A whole number of 1 to `max`. */
export function positive(max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < 1 || value > max) {
      throw new InvalidArgumentError(`a whole number of 1 to ${formatCount(max)}`);
    }
    return value;
  };
}

const blocksMaxMost = 2 ** 20;

export function blockNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value < blocksMaxMost) return value;
  throw new InvalidArgumentError(`a whole number of 0 to ${formatCount(blocksMaxMost - 1)}`);
}

/** Far above all coins of any chain. */
const unitsEnd = 1n << 128n;

/** A whole number of wei, or of a token's base units. */
export function units(text: string): bigint {
  const value = /^\d{1,39}$/.test(text) ? BigInt(text) : unitsEnd;
  if (value < unitsEnd) return value;
  throw new InvalidArgumentError('a whole number below 2^128');
}

/** The same without zero, where zero would do nothing. */
export function someUnits(text: string): bigint {
  const value = units(text);
  if (value > 0n) return value;
  throw new InvalidArgumentError('more than 0');
}

export function address(text: string): Address {
  const found = parseAddress(text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(
    'an address: 20 bytes as 0x-hexadecimal, with a true checksum if it has one',
  );
}

/** The beginning of a channel's id is enough where one channel begins so. */
export function channelName(text: string): string {
  if (/^0x[0-9a-f]{8,64}$/i.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('a channel id or its beginning, 0x and 8 digits or more');
}

export function webUrl(text: string): string {
  if (/^https?:\/\/[^\s]{1,500}$/.test(text)) return text;
  throw new InvalidArgumentError('an address such as https://papyrus.example');
}

/** The path of a folder, or of nothing yet. */
export function folder(path: string): string {
  if (path === '') throw new InvalidArgumentError('the path of a folder is not empty');
  if (existsSync(path) && !statSync(path).isDirectory()) {
    throw new InvalidArgumentError('that is a file; name a folder');
  }
  return path;
}

/** A share of 0 to 1 with at most six digits behind the point, as parts per million. */
export function share(text: string): number {
  const ppm = Math.round(Number(text) * 1_000_000);
  if (!/^(0|1|0?\.\d{1,6}|[01]\.\d{1,6})$/.test(text) || ppm > 1_000_000) {
    throw new InvalidArgumentError('a share of 0 to 1, for example 0.05');
  }
  return ppm;
}
