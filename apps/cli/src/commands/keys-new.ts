/** `papyrus keys new --out DIR`: makes the keys of a participant or a validator. */
import { systemEntropy } from '#environment';
import { freshSecrets, type KeyHolder, keyPurposes, writeKeys } from '../keys/key-folder.js';
import { type ExitCode, exitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';

export interface KeysNewOptions {
  readonly out: string;
  readonly for: KeyHolder;
}

const jobs = {
  account: 'owns the money, keep it offline',
  operator: 'posts parts, signs receipts',
  record: 'signs records',
  encryption: 'opens boxes',
} as const;

export async function runKeysNew(options: KeysNewOptions, output: Output): Promise<ExitCode> {
  const keys = writeKeys(options.out, options.for, freshSecrets(keyPurposes[options.for], systemEntropy));
  const rows = keyPurposes[options.for].map((purpose) => [purpose, `${purpose}.secret`, jobs[purpose]]);
  output.table(['key', 'secret in', 'what for'], rows, 3);
  output.line();
  for (const purpose of keyPurposes[options.for]) output.line(`${purpose.padEnd(10)} ${keys[purpose]}`);
  output.line();
  output.line(`${options.out}/keys.json may be shown to everybody, the .secret files to nobody.`);
  output.result({ folder: options.out, ...keys });
  return exitCode.ok;
}
