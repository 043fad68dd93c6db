/** The logs that a reconciliation is given: files of one party with the mapping that is named after them. */
import { existsSync, readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { knownMappings, type LogMapping, type LogRole, parseMapping } from '#reconciliation';

export interface LogInput {
  readonly role: LogRole;
  readonly path: string;
  /** Whose log it is, where it does not say so itself. */
  readonly seller?: string;
  mapping?: LogMapping;
  /** As it was named, for whoever reads what was taken for what. */
  mappingText?: string;
}

/** Collects logs and mappings in the order in which the command line names them. */
export class LogInputs {
  readonly logs: LogInput[] = [];
  #current: LogInput[] = [];

  /** `FILE`, or `NAME=FILE` of the seller NAME. */
  add(role: LogRole, text: string): void {
    const last = this.#current.at(-1);
    if (last !== undefined && (last.role !== role || last.mapping !== undefined)) this.#current = [];
    const at = existsSync(text) ? -1 : text.indexOf('=');
    if (at >= 0 && role !== 'ssp')
      throw new InvalidArgumentError('only a seller is named, as in --ssp NAME=FILE');
    const seller = at < 0 ? undefined : text.slice(0, at);
    const log: LogInput = { role, path: text.slice(at + 1), seller };
    this.#current.push(log);
    this.logs.push(log);
  }

  /** Belongs to the logs named just before. */
  map(text: string): void {
    if (this.#current.length === 0) throw new InvalidArgumentError('name a log before its --map');
    const known = knownMappings.get(text);
    const parsed = parseMapping(known ?? (existsSync(text) ? readFileSync(text, 'utf8') : text));
    if (!parsed.ok) throw new InvalidArgumentError(parsed.detail);
    for (const log of this.#current) {
      log.mapping = parsed.mapping;
      log.mappingText = text;
    }
  }
}
