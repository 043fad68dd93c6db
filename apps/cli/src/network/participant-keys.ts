/**
 * Keys of a network's participants and validators, derived from its seed: for demonstration, not for money
 * that counts.
 */
import { addressOf, encryptionPublicKey } from '#crypto';
import type { Address } from '#encoding';
import { seededEntropy } from '#environment';

export interface SigningKey {
  readonly privateKey: Uint8Array;
  readonly address: Address;
}

export interface EncryptionKey {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** What protocol.md 1 gives a participant, and the validator it trusts. */
export interface ParticipantSecrets {
  readonly account: SigningKey;
  readonly operator: SigningKey;
  readonly record: SigningKey;
  readonly encryption: EncryptionKey;
  readonly validator: SigningKey;
  readonly validatorEncryption: EncryptionKey;
}

export function participantSecrets(seed: string, name: string): ParticipantSecrets {
  const signing = (purpose: string): SigningKey => {
    const privateKey = seededEntropy(`${seed}/key/${name}/${purpose}`).bytes(32);
    return { privateKey, address: addressOf(privateKey) };
  };
  const encryption = (purpose: string): EncryptionKey => {
    const secretKey = seededEntropy(`${seed}/key/${name}/${purpose}`).bytes(32);
    return { secretKey, publicKey: encryptionPublicKey(secretKey) };
  };
  return {
    account: signing('account'),
    operator: signing('operator'),
    record: signing('record'),
    encryption: encryption('encryption'),
    validator: signing('validator'),
    validatorEncryption: encryption('validator-encryption'),
  };
}
