import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addressOf, encryptionPublicKey } from '#crypto';
import { toHex } from '#encoding';
import { type Entropy, seededEntropy, systemEntropy } from '#environment';
import {
  freshSecrets,
  type KeyHolder,
  keyPurposes,
  type PublicKeys,
  readPublicKeys,
  readSecret,
  writeKeys,
} from './key-folder.js';

let folder = '';
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'papyrus-keys-')), 'mine');
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const makeKeys = (into: string, of: KeyHolder, entropy: Entropy): PublicKeys =>
  writeKeys(into, of, freshSecrets(keyPurposes[of], entropy));

const refusedAs = (code: string) => expect.objectContaining({ code });
const thrown = (step: () => unknown): unknown => {
  try {
    return step();
  } catch (error) {
    return error;
  }
};

describe('a folder of keys', () => {
  it('holds each secret for its owner alone, and what belongs to it for everybody', () => {
    const keys = makeKeys(folder, 'participant', systemEntropy);
    expect(readdirSync(folder).sort()).toEqual([
      'account.secret',
      'encryption.secret',
      'keys.json',
      'operator.secret',
      'record.secret',
    ]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const shown = readFileSync(join(folder, 'keys.json'), 'utf8');
    for (const purpose of ['account', 'operator', 'record'] as const) {
      const secret = readSecret(folder, purpose);
      expect(addressOf(secret)).toBe(keys[purpose]);
      expect(shown).toContain(keys[purpose] as string);
      expect(shown).not.toContain(toHex(secret).slice(2));
      expect(statSync(join(folder, `${purpose}.secret`)).mode & 0o777).toBe(0o600);
    }
    expect(toHex(encryptionPublicKey(readSecret(folder, 'encryption')))).toBe(keys.encryption);
    expect(readPublicKeys(folder)).toEqual(keys);
    expect(new Set(Object.values(keys)).size).toBe(6);
  });

  it('is of a validator without operator and record key', () => {
    const keys = makeKeys(folder, 'validator', systemEntropy);
    expect(Object.keys(keys).sort()).toEqual(['account', 'encryption', 'of', 'schemaVersion']);
    expect(thrown(() => readSecret(folder, 'record'))).toEqual(refusedAs('keys-not-found'));
  });

  it('is never written over', () => {
    makeKeys(folder, 'participant', seededEntropy('one'));
    const before = readSecret(folder, 'account');
    expect(thrown(() => makeKeys(folder, 'participant', seededEntropy('two')))).toEqual(
      refusedAs('out-not-empty'),
    );
    expect(readSecret(folder, 'account')).toEqual(before);
  });

  it('gives no secret that others may read, that is not there, or that belongs to another key', () => {
    makeKeys(folder, 'participant', systemEntropy);
    const path = (name: string): string => join(folder, name);
    chmodSync(path('record.secret'), 0o640);
    expect(thrown(() => readSecret(folder, 'record'))).toEqual(refusedAs('keys-readable-by-others'));
    rmSync(path('account.secret'));
    expect(thrown(() => readSecret(folder, 'account'))).toEqual(refusedAs('keys-not-found'));
    for (const wrong of [readFileSync(path('encryption.secret'), 'utf8'), 'no secret', '']) {
      writeFileSync(path('operator.secret'), wrong);
      expect(thrown(() => readSecret(folder, 'operator'))).toEqual(refusedAs('keys-damaged'));
    }
    for (const wrong of ['no JSON', '{}']) {
      writeFileSync(path('keys.json'), wrong);
      expect(thrown(() => readPublicKeys(folder))).toEqual(refusedAs('keys-damaged'));
    }
    rmSync(path('keys.json'));
    expect(thrown(() => readPublicKeys(folder))).toEqual(refusedAs('keys-not-found'));
  });
});
