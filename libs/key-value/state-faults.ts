/** What a state file is refused for. */
import { dirname } from 'node:path';
import { Fault } from '#environment';

const costs = 'docs/explanation/crash-safety.md says what that costs';

export function damagedState(path: string, offset: number, why: string): Fault {
  const folder = dirname(path);
  const message =
    `the key-value store ${path} is damaged at byte ${offset}: ${why}; restore ${folder} from a copy, or ` +
    `move it away to begin with nothing remembered (${costs})`;
  return new Fault('key-value-damaged', message, { retriable: false });
}

/** `found` says how much of what has been there. */
export function olderState(path: string, notePath: string, found: string): Fault {
  const message =
    `the key-value store ${path} is an older copy: it has ${found} that have been there, so it may hold what ` +
    'was erased since and lacks what was promised since; bring back the newest state, or remove ' +
    `${notePath} to go on with this one all the same (${costs})`;
  return new Fault('key-value-older', message, { retriable: false });
}
