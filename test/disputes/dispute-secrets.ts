/** What channels of disputes are opened with: made from the seed, and boxes that nobody opens. */
import { encryptionPublicKey, sealBox, sha256 } from '#crypto';
import { type Hex, toHex, utf8 } from '#encoding';

export function secretsOf(seed: number): { readonly secret: Uint8Array; readonly salt: Hex } {
  return { secret: sha256(utf8(`secret ${seed}`)), salt: toHex(sha256(utf8(`salt ${seed}`))) };
}

const boxes = Array.from({ length: 4 }, (_, at) =>
  toHex(
    sealBox(
      sha256(utf8('nobody opens it')),
      encryptionPublicKey(sha256(utf8(`reader ${at}`))),
      new Uint8Array(56).fill(at),
    ),
  ),
);

export function boxOf(participant: number): Hex {
  return boxes[participant];
}
