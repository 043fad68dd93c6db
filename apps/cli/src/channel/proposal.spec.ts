import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addressOf, sealBox, signDigest } from '#crypto';
import { fromHex, type Hex, toHex } from '#encoding';
import { seededEntropy } from '#environment';
import { boxesHashOf, channelIdOf } from '#protocol';
import { merged, type Proposal, readProposal, writeProposal } from './proposal.js';

const entropy = seededEntropy('proposal');
const secrets = [entropy.bytes(32), entropy.bytes(32)];
const domain = { chainId: 31_337, verifyingContract: `0x${'c0'.repeat(20)}` as Hex };
const boxes = secrets.map(() => toHex(sealBox(entropy.bytes(32), entropy.bytes(32), entropy.bytes(56))));
const terms = {
  participants: secrets.map(addressOf),
  roles: [1, 3],
  blockMaxNano: [0n, 2n ** 63n],
  token: `0x${'7e'.repeat(20)}` as Hex,
  tokenPerUnit: 10n ** 18n,
  reducer: 'rtb-impression/1',
  reducerParameters: '0x00' as Hex,
  blockPolicy: 0,
  firstBlockStart: 1_767_225_600,
  blockDuration: 3_600,
  blocksMax: 24,
  ...{ collectionGrace: 1, collationPeriod: 2, processingPeriod: 3, challengePeriod: 4, answerPeriod: 5 },
  ...{ disputeMax: 6, withdrawalNotice: 7, retentionPeriod: 8, authorBytesMax: 9, priceNanoMax: 10n },
  keysRoot: toHex(entropy.bytes(32)),
  boxesHash: boxesHashOf(boxes),
  salt: toHex(entropy.bytes(32)),
};
const channelId = channelIdOf(domain, terms);
const signatures = secrets.map((secret) => toHex(signDigest(fromHex(channelId), secret)));
const proposal: Proposal = { domain, channelId, terms, boxes, signatures: [null, null] };

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'papyrus-proposal-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a proposal', () => {
  it('is the same when it is read again, with as many signatures as it has', async () => {
    for (const some of [[null, null], [null, signatures[1]], signatures]) {
      const path = join(folder, 'same.json');
      await writeProposal(path, { ...proposal, signatures: some });
      expect(readProposal(path)).toEqual({ ...proposal, signatures: some });
    }
  });

  it('is put together from copies that were signed at the same time', () => {
    const copies = signatures.map((one, at) => ({
      ...proposal,
      signatures: [null, null].with(at, one as never),
    }));
    expect(merged(copies).signatures).toEqual(signatures);
    expect(merged([copies[1], proposal]).signatures).toEqual([null, signatures[1]]);
    const other = { ...proposal, channelId: toHex(new Uint8Array(32)) };
    expect(() => merged([proposal, other])).toThrow(/are of two channels/);
  });

  const other = toHex(signDigest(fromHex(channelId), entropy.bytes(32)));
  it.each([
    ['another chain', (file: File) => ({ ...file, chainId: 1 }), 'the channelId is not that of the terms'],
    ['a changed term', changed({ disputeMax: 7 }), 'the channelId is not that of the terms'],
    ['a number out of its type', changed({ priceNanoMax: String(2n ** 64n) }), 'the channelId is not'],
    ['boxes in another order', (file: File) => ({ ...file, boxes: boxes.toReversed() }), 'the boxes are not'],
    ['a box too few', (file: File) => ({ ...file, boxes: boxes.slice(1) }), 'as many boxes and signatures'],
    [
      'a signature of somebody else',
      (file: File) => ({ ...file, signatures: [null, other] }),
      'the signature of participant 1 is not one of',
    ],
    [
      'a signature in another place',
      (file: File) => ({ ...file, signatures: [signatures[1], null] }),
      'the signature of participant 0',
    ],
    ['a word too many', (file: File) => ({ ...file, secret: '0x00' }), 'secret'],
  ])('is refused as damaged with %s', async (_, change, said) => {
    const path = join(folder, 'changed.json');
    await writeProposal(path, proposal);
    writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))));
    const damaged = { code: 'proposal-damaged', message: expect.stringContaining(said) };
    expect(() => readProposal(path)).toThrow(expect.objectContaining(damaged));
  });

  it('is refused where it is none, or not there', () => {
    const path = join(folder, 'none.json');
    expect(() => readProposal(path)).toThrow(expect.objectContaining({ code: 'proposal-not-found' }));
    writeFileSync(path, '{');
    expect(() => readProposal(path)).toThrow(expect.objectContaining({ code: 'proposal-damaged' }));
  });
});

interface File {
  readonly terms: object;
}

function changed(change: object): (file: File) => object {
  return (file) => ({ ...file, terms: { ...file.terms, ...change } });
}
