/** `papyrus keys register` and `rotate`: which keys of an account count from the next block on. */
import { currentKeysOf } from '#block-watch';
import type { ParticipantKeys } from '#chain';
import { signDigest } from '#crypto';
import { type Address, type Hex, toHex } from '#encoding';
import { systemEntropy } from '#environment';
import {
  domainSeparator,
  type KeyPurpose as ProvenPurpose,
  keyPossessionDigest,
  keyPossessionStruct,
  keyPurposeOf,
  signableData,
} from '#protocol';
import { type ChainOptions, type ChainSession, onChain } from '../chain/chain-session.js';
import { keysOf } from '../chain/own-keys.js';
import {
  freshSecrets,
  type KeyPurpose,
  type KeySecrets,
  keyPurposes,
  type PublicKeys,
  publicKeysOf,
  readSecret,
  requireNewFolder,
  writeKeys,
} from '../keys/key-folder.js';
import type { ExitCode } from '../report/command-refused.js';
import type { Output } from '../report/output.js';

/** Keys that services hold, and that can be taken from them. */
export const revocable = ['record', 'operator'] as const;
/** All but the account's own: an account is not replaced, a new one is another participant. */
export const rotatable = ['operator', 'record', 'encryption'] as const;

export interface KeysRegisterOptions extends ChainOptions {
  readonly keys: string;
  /** What is registered now, if absent. */
  readonly endpoint?: string;
  readonly revoke?: readonly (typeof revocable)[number][];
}

export interface KeysRotateOptions extends ChainOptions {
  readonly keys: string;
  readonly out: string;
  readonly only?: readonly (typeof rotatable)[number][];
}

export function runKeysRegister(options: KeysRegisterOptions, output: Output): Promise<ExitCode> {
  const shown = keysOf(options.keys, 'participant');
  const { revoke = [] } = options;
  const kept = revocable.filter((purpose) => !revoke.includes(purpose));
  const secrets = secretsOf(options.keys, ['account', ...kept]);
  return onChain(options, output, async (session) => {
    const registered = await register(session, { shown, secrets, endpoint: options.endpoint, revoke });
    return { account: shown.account, ...registered };
  });
}

export function runKeysRotate(options: KeysRotateOptions, output: Output): Promise<ExitCode> {
  keysOf(options.keys, 'participant');
  requireNewFolder(options.out);
  const purposes: readonly KeyPurpose[] = options.only ?? rotatable;
  const kept = keyPurposes.participant.filter((purpose) => !purposes.includes(purpose));
  const secrets = { ...secretsOf(options.keys, kept), ...freshSecrets(purposes, systemEntropy) };
  return onChain(options, output, async (session) => {
    // Written before they are registered: a key that counts and that nobody has would lock its owner out.
    if (!session.isDryRun) {
      writeKeys(options.out, 'participant', secrets);
      output.line(`${options.out} holds the new keys. If registering them fails: papyrus keys register`);
    }
    const shown = publicKeysOf('participant', secrets);
    const registered = await register(session, { shown, secrets, endpoint: undefined, revoke: [] });
    return { account: shown.account, folder: options.out, rotated: purposes, ...registered };
  });
}

function secretsOf(folder: string, purposes: readonly KeyPurpose[]): KeySecrets {
  return Object.fromEntries(purposes.map((purpose) => [purpose, readSecret(folder, purpose)]));
}

interface Registering {
  readonly shown: PublicKeys;
  readonly secrets: KeySecrets;
  readonly endpoint: string | undefined;
  readonly revoke: readonly KeyPurpose[];
}

const nobody: Address = `0x${'00'.repeat(20)}` as const;

async function register(
  session: ChainSession,
  { shown, secrets, endpoint, revoke }: Registering,
): Promise<{ readonly registered: ParticipantKeys }> {
  const latest = await session.latest();
  const known = await currentKeysOf(latest, shown.account);
  const keyFor = (purpose: 'record' | 'operator'): Address =>
    revoke.includes(purpose) ? nobody : (shown[purpose] ?? nobody);
  const keys: ParticipantKeys = {
    recordKey: keyFor('record'),
    operatorKey: keyFor('operator'),
    encryptionKey: shown.encryption,
    endpoint: endpoint ?? known?.endpoint ?? '',
  };
  const nonce = await latest.registrationCount(shown.account);
  const separator = domainSeparator(session.domain);
  const proofOf = (purpose: ProvenPurpose, key: Address, secret: Uint8Array | undefined): Hex | undefined => {
    if (key === nobody || secret === undefined) return undefined;
    const possession = { account: shown.account, purpose, nonce };
    const name = purpose === keyPurposeOf.record ? 'record key' : 'operator key';
    session.signs(name, signableData(session.domain, keyPossessionStruct, possession));
    return toHex(signDigest(keyPossessionDigest(separator, possession), secret));
  };
  // The registry asks no proof of a key that has proved itself before.
  const isNew = (key: Address, before: Address | undefined): boolean =>
    key.toLowerCase() !== before?.toLowerCase();
  const proofs = {
    record: isNew(keys.recordKey, known?.recordKey)
      ? proofOf(keyPurposeOf.record, keys.recordKey, secrets.record)
      : undefined,
    operator: isNew(keys.operatorKey, known?.operatorKey)
      ? proofOf(keyPurposeOf.operator, keys.operatorKey, secrets.operator)
      : undefined,
  };
  const acts = session.chain.participantActs(secrets.account as Uint8Array);
  await session.act('register keys', () => acts.registerParticipant(keys, proofs));
  return { registered: keys };
}
