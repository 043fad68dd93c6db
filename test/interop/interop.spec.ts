/** The second implementation, in Python, checks what the product settled and exported. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunResult } from '#apps/cli/src/report/run-result';
import { resultOf, runCli } from '../network/run-cli.js';
import { hasPython, runPython } from './python.js';

(hasPython() ? describe : describe.skip)('the second implementation', () => {
  it('says how it is used when it is given no export', () => {
    const empty = mkdtempSync(join(tmpdir(), 'papyrus-interop-'));
    try {
      for (const script of ['check_block.py', 'check_proof.py', 'check_vectors.py'] as const) {
        expect(runPython(script)).toMatchObject({ code: 2, output: expect.stringContaining('usage:') });
        expect(runPython(script, empty).code).toBe(2);
      }
    } finally {
      rmSync(empty, { recursive: true });
    }
  });
});

(hasPython() ? describe : describe.skip)('a settled block that was exported with its sealed parts', () => {
  const blockNumber = 1;
  let folder = '';
  let out = '';
  let run: RunResult;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'papyrus-interop-'));
    out = join(folder, 'out');
    const data = join(folder, 'data');
    const demo = await runCli([
      ...['demo', '--json', '--blocks', '2', '--sellers', '2', '--impressions', '6000', '--data', data],
    ]);
    run = resultOf<RunResult>(demo);
    const [{ channelId }] = run.channels;
    const place = ['--data', data, '--out', out, '--sealed', '--json'];
    const exported = await runCli(['block', 'export', channelId, String(blockNumber), ...place]);
    expect([exported.code, exported.stderr]).toEqual([0, '']);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const path = (...names: string[]): string => join(out, ...names);

  /** What the check says while the file is another, which is put right afterwards. */
  function checkWith(file: string, change: (bytes: Buffer) => Buffer): ReturnType<typeof runPython> {
    const good = readFileSync(file);
    writeFileSync(file, change(Buffer.from(good)));
    try {
      return runPython('check_block.py', out);
    } finally {
      writeFileSync(file, good);
    }
  }

  function flipped(bytes: Buffer): Buffer {
    bytes[bytes.length >> 1] ^= 1;
    return bytes;
  }

  it('is opened, verified and reduced to the outputHash that the chain has', () => {
    const block = run.channels[0].blocks[blockNumber];
    const { code, output } = runPython('check_block.py', out);
    expect(output).toContain(`equal: block ${blockNumber}, 4 valid parts, 0 invalid, `);
    expect(output).toContain(
      `${block.recordsDistinct} records, ${block.impressions} impressions, 4 validators`,
    );
    expect(output).toContain(`outputHash ${block.outputHash}`);
    expect(code).toBe(0);
  });

  it('is found out when one byte of any sealed block, part or statement is another', () => {
    const sealed = readdirSync(path('sealed')).map((name) => path('sealed', name));
    expect(sealed.length).toBeGreaterThanOrEqual(3);
    const samples = [sealed[0], sealed[sealed.length >> 1], sealed[sealed.length - 1], path('part-1.bin')];
    for (const file of samples) {
      const { code, output } = checkWith(file, flipped);
      expect([file, code, output]).toEqual([file, 1, expect.stringContaining('different: ')]);
    }
    for (const name of ['settlementRoot', 'outputHash', 'blockKey', 'salt', 'workDigest', 'channelId']) {
      const { code, output } = checkWith(path('block.json'), (bytes) => {
        const text = bytes.toString();
        const changed = text.replace(new RegExp(`("${name}": "0x[0-9a-f]{20})(.)`), flippedDigit);
        expect([name, changed]).not.toEqual([name, text]);
        return Buffer.from(changed);
      });
      expect([name, code, output]).toEqual([name, 1, expect.stringContaining('different: ')]);
    }
    expect(runPython('check_block.py', out).code).toBe(0);
  });

  it('proves each of its impressions, and what it has not, alone and with one digit changed', async () => {
    const { channelId } = run.channels[0];
    const prove = async (key: string, file: string): Promise<void> => {
      const place = ['--data', join(folder, 'data'), '--key', key, '--out', file, '--json'];
      const { code, stderr } = await runCli(['record', 'prove', channelId, String(blockNumber), ...place]);
      expect([code, stderr]).toEqual([0, '']);
    };
    const lines = readFileSync(path('impressions.ndjson'), 'utf8').trim().split('\n');
    const keys = [0, lines.length >> 1, lines.length - 1].map((at) => JSON.parse(lines[at]).impressionKey);
    const file = join(folder, 'proof.json');
    const { outputHash } = run.channels[0].blocks[blockNumber];
    for (const key of [...keys, `0x${'00'.repeat(16)}`, `0x${'ff'.repeat(16)}`, `0x${'5e'.repeat(16)}`]) {
      await prove(key, file);
      const { code, output } = runPython('check_proof.py', file);
      expect(output).toContain(`holds: outputHash ${outputHash}`);
      expect([code, output.includes('no such impression')]).toEqual([0, !keys.includes(key)]);
    }
    await prove(keys[0], file);
    const text = readFileSync(file, 'utf8');
    for (const name of ['settlementRoot', 'channelId', 'sibling', 'header', 'partRoot', 'sealedDigest']) {
      writeFileSync(file, text.replace(new RegExp(`("${name}": "0x[0-9a-f]{20})(.)`), flippedDigit));
      expect([name, runPython('check_proof.py', file).code]).toEqual([name, 1]);
      const own = await runCli(['record', 'verify', file, '--json']);
      expect([name, own.code]).toEqual([name, 7]);
    }
  });
});

function flippedDigit(_: string, head: string, digit: string): string {
  return head + (digit === '1' ? '2' : '1');
}
