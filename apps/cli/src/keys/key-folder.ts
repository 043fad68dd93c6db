/**
 * A folder of keys: a file for each secret, which nobody but its owner may read, and `keys.json` with what
 * may be shown to everybody. Each secret can be moved away by itself: the account's belongs where no service
 * runs.
 */
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { addressOf, encryptionPublicKey } from '#crypto';
import { type Address, fromHex, type Hex, toHex } from '#encoding';
import type { Entropy } from '#environment';
import { makeFolders } from '#environment/make-folders';
import { hexOf } from '#api';
import { CommandRefused, onFile } from '../report/command-refused.js';

/** What protocol.md 1 gives a participant; a validator has an account and an encryption key. */
export const keyPurposes = {
  participant: ['account', 'operator', 'record', 'encryption'],
  validator: ['account', 'encryption'],
} as const;
export type KeyHolder = keyof typeof keyPurposes;
export type KeyPurpose = (typeof keyPurposes)['participant'][number];

const publicSchema = z.object({
  schemaVersion: z.literal(1),
  of: z.enum(['participant', 'validator']),
  account: hexOf(20),
  operator: hexOf(20).optional(),
  record: hexOf(20).optional(),
  encryption: hexOf(32),
});

/** `keys.json`: addresses, and the X25519 public key. */
export interface PublicKeys {
  readonly of: KeyHolder;
  readonly account: Address;
  readonly operator?: Address;
  readonly record?: Address;
  readonly encryption: Hex;
}

const publicFile = 'keys.json';
const secretFile = (folder: string, purpose: KeyPurpose): string => join(folder, `${purpose}.secret`);
const ownerReads = 0o600;
const ownerEnters = 0o700;

/** The secrets of a holder, 32 bytes each; a validator has those of its purposes alone. */
export type KeySecrets = { readonly [Purpose in KeyPurpose]?: Uint8Array };

export function freshSecrets(purposes: readonly KeyPurpose[], entropy: Entropy): KeySecrets {
  return Object.fromEntries(purposes.map((purpose) => [purpose, entropy.bytes(32)]));
}

/** What `keys.json` shows of the secrets. */
export function publicKeysOf(of: KeyHolder, secrets: KeySecrets): PublicKeys {
  const keys = keyPurposes[of].map((purpose) => {
    const secret = secrets[purpose];
    if (secret === undefined) throw new Error(`a ${of} has a key of purpose ${purpose}`);
    return [purpose, publicOf(purpose, secret)];
  });
  return publicSchema.parse({ schemaVersion: 1, of, ...Object.fromEntries(keys) });
}

/** No key is ever written over: the folder is empty or not there. */
export function requireNewFolder(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    const message = `${folder} holds files already: name an empty folder or a new one`;
    throw new CommandRefused('out-not-empty', message);
  }
}

export function writeKeys(folder: string, of: KeyHolder, secrets: KeySecrets): PublicKeys {
  requireNewFolder(folder);
  onFile(folder, () => {
    if (!existsSync(folder)) makeFolders(folder);
    chmodSync(folder, ownerEnters);
  });
  const shown = publicKeysOf(of, secrets);
  for (const purpose of keyPurposes[of]) {
    const text = `${toHex(secrets[purpose] as Uint8Array)}\n`;
    const path = secretFile(folder, purpose);
    onFile(path, () => writeFileSync(path, text, { flag: 'wx', mode: ownerReads }));
  }
  const path = join(folder, publicFile);
  onFile(path, () => writeFileSync(path, `${JSON.stringify(shown, null, 2)}\n`, { flag: 'wx' }));
  return shown;
}

export function readPublicKeys(folder: string): PublicKeys {
  const path = join(folder, publicFile);
  if (!existsSync(path)) {
    throw new CommandRefused('keys-not-found', `${path} is not there: name a folder that keys new made`);
  }
  const parsed = publicSchema.safeParse(parseJson(onFile(path, () => readFileSync(path, 'utf8'))));
  if (!parsed.success) throw new CommandRefused('keys-damaged', `${path} is no list of public keys`);
  return parsed.data;
}

/** The secret of a purpose. Refuses one that `keys.json` does not show, or that others may read. */
export function readSecret(folder: string, purpose: KeyPurpose): Uint8Array {
  const shown = readPublicKeys(folder)[purpose];
  const path = secretFile(folder, purpose);
  if (!existsSync(path)) {
    throw new CommandRefused('keys-not-found', `${path} is not there: bring it where this command runs`);
  }
  const { mode } = onFile(path, () => statSync(path));
  if ((mode & 0o077) !== 0) {
    const message = `${path} may be read by others than its owner: chmod 600 it, and renew the key if it was`;
    throw new CommandRefused('keys-readable-by-others', message);
  }
  const text = onFile(path, () => readFileSync(path, 'utf8')).trim();
  const isSecret = /^0x[0-9a-f]{64}$/i.test(text);
  if (!isSecret || publicOf(purpose, fromHex(text)).toLowerCase() !== shown?.toLowerCase()) {
    const message = `${path} does not hold the secret of the ${purpose} key that ${publicFile} shows`;
    throw new CommandRefused('keys-damaged', message);
  }
  return fromHex(text);
}

function publicOf(purpose: KeyPurpose, secret: Uint8Array): Hex {
  return purpose === 'encryption' ? toHex(encryptionPublicKey(secret)) : addressOf(secret);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
