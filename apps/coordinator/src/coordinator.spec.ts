import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ChannelKeys } from '#block-watch';
import { CrashPoint } from '#block-watch/testing/crashing-ports';
import { LateJobs } from '#block-watch/testing/late-jobs';
import { blockSeconds, Rehearsal } from '#block-watch/testing/rehearsal';
import { recoverSigner } from '#crypto';
import { fromHex, toHex } from '#encoding';
import { deferred } from '#environment/testing/deferred';
import type { KeyValue } from '#key-value';
import { openFileKeyValue } from '#key-value/file-key-value';
import { delegationDigest, domainSeparator, keyCommitmentOf, openBlockKey } from '#protocol';
import {
  accepted,
  type Body,
  Correspondent,
  coordinatorOf,
  inProcessing,
  postEmptyPart,
  problem,
} from './testing/coordinator-stage.js';

describe('the coordinator', () => {
  it('sends its own validator a binding delegation with the block key, once processing begins', async () => {
    const { rehearsal, startsAt } = await inProcessing();
    const correspondent = new Correspondent();
    const coordinator = coordinatorOf(rehearsal, correspondent);
    expect(await coordinator.sweep()).toBe(0);
    rehearsal.chain.advanceTo(startsAt);
    expect(await coordinator.sweep()).toBe(1);
    expect(await coordinator.sweep()).toBe(0);
    const one = rehearsal.participants[1];
    expect(correspondent.urls).toEqual([`http://${one.validator}/v1/validation-requests`]);
    const [{ signature, sealedBlockKey, keyPath, ...body }] = correspondent.received;
    expect(body).toMatchObject({
      channelId: rehearsal.channelId,
      blockNumber: 0,
      participant: 1,
      validator: one.validator,
      binding: true,
      nonce: '1',
      notAfter: String(startsAt + blockSeconds.processing),
    });
    const delegation = {
      ...body,
      nonce: BigInt(body.nonce),
      notAfter: BigInt(body.notAfter),
      feeWei: BigInt(body.feeWei),
    };
    const digest = delegationDigest(domainSeparator(rehearsal.chain.eip712), delegation);
    const operator = rehearsal.chain.port().participantActs(one.operatorKey).address;
    expect(recoverSigner(digest, fromHex(signature))).toBe(operator);
    const key = openBlockKey(fromHex(sealedBlockKey), digest, one.validatorSecret);
    expect(toHex(keyCommitmentOf(key as Uint8Array))).toBe(body.keyCommitment);
    expect(keyPath).toHaveLength(4);
  });

  it('says in log and readiness what the registry has against its keys and validators', async () => {
    const { rehearsal } = await inProcessing();
    const { chain, participants } = rehearsal;
    const told: unknown[] = [];
    const tell = (fields: object) => told.push(fields);
    const log = { error: tell, warn: tell };
    const coordinator = coordinatorOf(rehearsal, new Correspondent(), {
      log,
      options: {
        operatorKey: participants[2].operatorKey,
        encryptionSecret: participants[2].encryptionSecret,
        validators: { kind: 'own', validators: [participants[2].account] },
      },
    });
    await coordinator.sweep();
    const codes = [
      ...['operator-key-not-registered', 'no-channel-keys', 'encryption-secret-not-registered'],
      'validator-not-registered',
    ];
    expect((await coordinator.readiness()).reasons.map(({ code }) => code)).toEqual(codes);
    expect(told).toEqual(codes.map((code) => ({ code })));
    chain.leave(participants[1].validator);
    const drawing = coordinatorOf(rehearsal, new Correspondent(), {
      options: { validators: { kind: 'drawn' } },
    });
    expect((await drawing.readiness()).reasons).toEqual([]);
  });

  it('sends the same request again until the validator answers', async () => {
    const { rehearsal, startsAt } = await inProcessing();
    const correspondent = new Correspondent();
    correspondent.answers = [new Error('connection refused'), problem('key-value-unavailable')];
    rehearsal.chain.advanceTo(startsAt);
    const did = [];
    for (let i = 0; i < 4; i++) did.push(await coordinatorOf(rehearsal, correspondent).sweep());
    expect(did).toEqual([0, 0, 1, 0]);
    const [first, ...others] = correspondent.received;
    expect(others).toEqual([first, first]);
  });

  it('does not repeat what was refused for good, until silence calls for a new delegation', async () => {
    const { rehearsal, startsAt } = await inProcessing();
    const correspondent = new Correspondent();
    correspondent.answers = [problem('seat-taken')];
    rehearsal.chain.advanceTo(startsAt);
    const coordinator = coordinatorOf(rehearsal, correspondent);
    expect([await coordinator.sweep(), await coordinator.sweep()]).toEqual([0, 0]);
    expect(correspondent.received).toHaveLength(1);
    rehearsal.chain.advanceTo(startsAt + blockSeconds.processing / 4);
    expect(await coordinator.sweep()).toBe(1);
    expect(correspondent.received.map((body) => body.nonce)).toEqual(['1', '2']);
  });

  it.each([
    ['refused', problem('seat-taken')],
    ['accepted', new Response(JSON.stringify({ accepted: true, nonce: '1' }), { status: 202 })],
  ])('counts silence from when the request was %s, not from when it was first sent', async (_, answer) => {
    const { rehearsal, startsAt } = await inProcessing();
    const correspondent = new Correspondent();
    correspondent.answers = [new Error('connection refused'), answer];
    const asked = async (seconds: number) => {
      rehearsal.chain.advanceTo(seconds);
      await coordinatorOf(rehearsal, correspondent).sweep();
      return correspondent.received.map((body) => body.nonce);
    };
    const silence = blockSeconds.processing / 4;
    await asked(startsAt);
    expect(await asked(startsAt + 5)).toEqual(['1', '1']);
    expect(await asked(startsAt + 5 + silence - 1)).toEqual(['1', '1']);
    expect(await asked(startsAt + 5 + silence)).toEqual(['1', '1', '2']);
  });

  it('sends nothing for a job that comes after the answer, or when no commits are taken any more', async () => {
    const { rehearsal, startsAt } = await inProcessing();
    const correspondent = new Correspondent();
    const jobs = new LateJobs();
    const coordinator = coordinatorOf(rehearsal, correspondent, { jobQueue: jobs });
    coordinator.start();
    const { channelId } = rehearsal;
    for (const [seconds, requests] of [
      [startsAt, 1],
      [startsAt + 1, 1],
      [startsAt + blockSeconds.processing / 2, 1],
    ]) {
      rehearsal.chain.advanceTo(seconds);
      expect(await jobs.run({ kind: 'delegate', channelId, blockNumber: 0 })).toBe('done');
      expect([seconds, correspondent.received.length]).toEqual([seconds, requests]);
    }
    await coordinator.stop();
  });

  it('composes one request though another process composes one between its look and its write', async () => {
    const { rehearsal, startsAt } = await inProcessing();
    const correspondent = new Correspondent();
    rehearsal.chain.advanceTo(startsAt);
    const late = rehearsal.keyValue(1);
    let isLate = false;
    const held: KeyValue = {
      ...late,
      get: (key) => late.get(key),
      list: (prefix) => late.list(prefix),
      async write(writes) {
        if (!isLate && writes.some(({ key }) => key.startsWith('coordinator/'))) {
          isLate = true;
          await coordinatorOf(rehearsal, correspondent).sweep();
        }
        return late.write(writes);
      },
    };
    const coordinator = coordinatorOf(rehearsal, correspondent, { keyValue: held });
    await coordinator.sweep();
    await coordinator.sweep();
    expect(isLate).toBe(true);
    expect(correspondent.received.map(({ nonce }) => nonce)).toEqual(['1']);
  });

  it('erases the keys of blocks that are over, and keeps that of the lowest other one', async () => {
    const { rehearsal, startsAt } = await inProcessing();
    const coordinator = coordinatorOf(rehearsal, new Correspondent());
    const hasKeys = async (): Promise<boolean[]> => {
      const ports = { chain: rehearsal.chain.port(), keyValue: rehearsal.keyValue(1) };
      const opened = await new ChannelKeys(rehearsal.participants[1], ports).of(rehearsal.channelId);
      return [0, 1].map((block) => opened.ok && opened.keys.blockKey(block) !== undefined);
    };
    rehearsal.chain.advanceTo(startsAt + 2 * blockSeconds.processing - 1);
    await coordinator.sweep();
    expect(await hasKeys()).toEqual([true, true]);
    rehearsal.chain.advanceTo(startsAt + 2 * blockSeconds.processing);
    await coordinator.sweep();
    expect(await hasKeys()).toEqual([false, true]);
  });

  it('asks again with a higher nonce when nothing was committed for long, and in the extension', async () => {
    const { rehearsal, startsAt } = await inProcessing();
    const correspondent = new Correspondent();
    const nonces = () => correspondent.received.map((body) => body.nonce);
    const at = async (seconds: number) => {
      rehearsal.chain.advanceTo(seconds);
      return coordinatorOf(rehearsal, correspondent).sweep();
    };
    expect([await at(startsAt), await at(startsAt + 9), await at(startsAt + 10)]).toEqual([1, 0, 1]);
    expect(nonces()).toEqual(['1', '2']);
    const { processing } = blockSeconds;
    expect(await at(startsAt + processing / 2)).toBe(0);
    expect(await at(startsAt + processing)).toBe(1);
    expect(nonces()).toEqual(['1', '2', '3']);
    expect(correspondent.received[2].notAfter).toBe(String(startsAt + 2 * processing));
  });

  it('asks nobody once its seat has committed', async () => {
    const { rehearsal, startsAt } = await inProcessing();
    const correspondent = new Correspondent();
    rehearsal.chain.advanceTo(startsAt);
    await coordinatorOf(rehearsal, correspondent).sweep();
    const { signature, sealedBlockKey: _, keyPath, ...body } = correspondent.received[0];
    const delegation = {
      ...body,
      signature,
      nonce: BigInt(body.nonce),
      notAfter: BigInt(body.notAfter),
      feeWei: BigInt(body.feeWei),
    };
    const validator = rehearsal.chain.port().validatorActs(rehearsal.participants[1].validatorKey);
    expect(await validator.commitResult(delegation, keyPath, rehearsal.terms.salt)).toMatchObject({
      ok: true,
    });
    rehearsal.chain.advanceTo(startsAt + blockSeconds.processing / 2 - 1);
    expect(await coordinatorOf(rehearsal, correspondent).sweep()).toBe(0);
    expect(correspondent.received).toHaveLength(1);
  });

  it('keeps the request of the lowest block that is not over, and erases those below', async () => {
    const rehearsal = new Rehearsal();
    const sent = async () => {
      await coordinatorOf(rehearsal, new Correspondent()).sweep();
      const keys = rehearsal.participants[1].stateDrawer.entries.keysUnder('');
      return keys.filter((key) => key.startsWith('coordinator/')).map((key) => Number(key.split('/')[3]));
    };
    for (const blockNumber of [0, 1]) {
      rehearsal.chain.advanceTo(rehearsal.collected(blockNumber));
      await postEmptyPart(rehearsal, blockNumber);
      rehearsal.chain.advanceTo(rehearsal.collected(blockNumber) + blockSeconds.collation);
      expect(await sent()).toEqual([blockNumber]);
    }
    rehearsal.chain.advanceTo(rehearsal.collected(1) + blockSeconds.collation + 1);
    expect(await sent()).toEqual([1]);
  });

  it('leaves no boxed key of a block that is over in its file, whoever erased the keys before', async () => {
    const rehearsal = new Rehearsal();
    const folder = mkdtempSync(join(tmpdir(), 'papyrus-coordinator-'));
    const keyValue = await openFileKeyValue(folder);
    const correspondent = new Correspondent();
    const coordinator = coordinatorOf(rehearsal, correspondent, { keyValue });
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    for (const one of [0, 1, 2]) await postEmptyPart(rehearsal, 0, one);
    await coordinator.sweep();
    const box = correspondent.received[0].sealedBlockKey.slice(2);
    const kept = () => readFileSync(join(folder, 'state'), 'latin1');
    expect(kept()).toContain(box);
    // As the collator of the same organisation does.
    const opened = await new ChannelKeys(rehearsal.participants[1], {
      chain: rehearsal.chain.port(),
      keyValue,
    }).of(rehearsal.channelId);
    if (opened.ok) await opened.keys.eraseBefore(1);
    rehearsal.chain.advanceTo(rehearsal.collected(0) + 2 * blockSeconds.processing);
    await coordinator.sweep();
    expect(kept()).not.toContain(box);
    await keyValue.close();
    rmSync(folder, { recursive: true });
  });

  it('lets no validator that never answers keep it from delegating other blocks', async () => {
    const rehearsal = new Rehearsal();
    rehearsal.chain.advanceTo(rehearsal.collected(0));
    await postEmptyPart(rehearsal, 0);
    // Block 0 is in its extension when block 1 has all its parts: both are to be delegated.
    rehearsal.chain.advanceTo(rehearsal.collected(1));
    for (const one of [0, 1, 2]) await postEmptyPart(rehearsal, 1, one);
    const seen: string[] = [];
    const answered = deferred();
    const fetch = (async (_: unknown, init: { body: string; signal: AbortSignal }) => {
      const { blockNumber } = JSON.parse(init.body) as Body;
      seen.push(`asked ${blockNumber}`);
      if (blockNumber === 1) {
        answered.resolve();
        return accepted();
      }
      return new Promise((_, reject) => {
        init.signal.addEventListener('abort', () => reject(init.signal.reason));
      });
    }) as unknown as typeof globalThis.fetch;
    const ended = deferred();
    const warn = (_: object, line: string) => {
      seen.push(line);
      ended.resolve();
    };
    const coordinator = coordinatorOf(rehearsal, { fetch }, { log: { warn } });
    coordinator.start();
    await answered.promise;
    await ended.promise;
    await coordinator.stop();
    // The one that never answers is given up in time, and was waited for by nobody.
    expect(seen.slice(0, 3)).toEqual([
      'asked 0',
      'asked 1',
      'the validator was not reached, it is asked again',
    ]);
  }, 10_000);

  it('never signs two delegations of one nonce, whatever step it crashes at', async () => {
    for (const isAfter of [false, true]) {
      for (let step = 0; ; step++) {
        const { rehearsal, startsAt } = await inProcessing();
        const correspondent = new Correspondent();
        rehearsal.chain.advanceTo(startsAt);
        const crash = new CrashPoint(step, isAfter);
        const run = coordinatorOf(rehearsal, correspondent, { crash }).sweep();
        const isWhole = await run.then(
          () => true,
          () => false,
        );
        await coordinatorOf(rehearsal, correspondent).sweep();
        expect(correspondent.received.length).toBeGreaterThan(0);
        expect(new Set(correspondent.received.map((body) => body.sealedBlockKey + body.signature)).size).toBe(
          1,
        );
        if (isWhole) {
          expect(step).toBeGreaterThan(5);
          break;
        }
      }
    }
  });
});
