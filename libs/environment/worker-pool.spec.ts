/** The worker pool against real threads that run small modules written for the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { builtFile } from './built-file.js';
import { openWorkerPool } from './worker-pool.js';

const folder = mkdtempSync(join(tmpdir(), 'papyrus-worker-'));
afterAll(() => rmSync(folder, { recursive: true }));

function workerFile(name: string, source: string): string {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, source);
  return file;
}

const counting = () =>
  workerFile(
    'counting',
    `import { workerData } from 'node:worker_threads';
     export default ({ cell, by }) => {
       Atomics.add(new Int32Array(workerData.shared), cell, by);
       return cell;
     };`,
  );

describe('a worker pool', () => {
  it('runs every task once, over memory that all threads share', async () => {
    const shared = new SharedArrayBuffer(16);
    const pool = openWorkerPool<{ cell: number; by: number }, number>({
      file: counting(),
      threads: 2,
      startWith: { shared },
    });
    const cells = Array.from({ length: 200 }, (_, index) => index % 4);
    expect(await Promise.all(cells.map((cell) => pool.run({ cell, by: cell + 1 })))).toEqual(cells);
    expect([...new Int32Array(shared)]).toEqual([50, 100, 150, 200]);
    await pool.close();
  });

  it('can be closed at once: no thread is stopped in the middle of its import', async () => {
    const shared = new SharedArrayBuffer(4);
    const file = workerFile(
      'slow-import',
      `import { workerData } from 'node:worker_threads';
       const until = performance.now() + 200;
       while (performance.now() < until);
       Atomics.add(new Int32Array(workerData.shared), 0, 1);
       export default () => {};`,
    );
    const pool = openWorkerPool<number, void>({ file, threads: 2, startWith: { shared } });
    await pool.close();
    expect(new Int32Array(shared)[0]).toBe(2);
  });

  it('passes on what a task throws and goes on working', async () => {
    const file = workerFile(
      'throwing',
      `export default (n) => { if (n < 0) throw new Error('negative'); return n; };`,
    );
    const pool = openWorkerPool<number, number>({ file, threads: 1 });
    await expect(pool.run(-1)).rejects.toThrow('negative');
    expect(await pool.run(7)).toBe(7);
    await pool.close();
  });

  it('reports a thread that dies as a retriable fault and replaces it', async () => {
    const file = workerFile('dying', `export default (n) => { if (n < 0) process.exit(3); return n; };`);
    const pool = openWorkerPool<number, number>({ file, threads: 1 });
    await expect(pool.run(-1)).rejects.toMatchObject({ code: 'worker-lost', retriable: true });
    expect(await pool.run(7)).toBe(7);
    await pool.close();
  });

  it('fails its tasks when the file cannot be imported, instead of waiting for ever', async () => {
    const file = workerFile('broken', `import 'no-such-package'; export default () => 1;`);
    const pool = openWorkerPool<number, number>({ file, threads: 2 });
    const settled = await Promise.allSettled([pool.run(1), pool.run(2), pool.run(3)]);
    expect(settled.map((one) => one.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(String((settled[0] as PromiseRejectedResult).reason)).toContain('no-such-package');
    await pool.close();
  });

  it('lets no task wait once it is closed', async () => {
    const file = workerFile(
      'endless',
      `export default () => new Promise(() => setInterval(() => {}, 1000));`,
    );
    const pool = openWorkerPool<number, number>({ file, threads: 1 });
    const running = pool.run(1);
    const queued = pool.run(2);
    const settled = Promise.allSettled([running, queued]);
    await pool.close();
    for (const one of await settled) {
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'worker-lost' } });
    }
    await expect(pool.run(3)).rejects.toMatchObject({ code: 'worker-lost' });
  });

  it('gives buffers away when told to', async () => {
    const file = workerFile('length', `export default (bytes) => bytes.length;`);
    const pool = openWorkerPool<Uint8Array, number>({ file, threads: 1 });
    const bytes = new Uint8Array(1000);
    expect(await pool.run(bytes, [bytes.buffer])).toBe(1000);
    expect(bytes.length).toBe(0);
    await pool.close();
  });

  it('refuses a file that was never built', () => {
    expect(() => builtFile('libs/environment/no-such-file.js')).toThrow('is not built');
    expect(() => openWorkerPool({ file: join(folder, 'none.mjs'), threads: 1 })).toThrow('no worker file');
  });
});
