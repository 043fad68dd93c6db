/** Locks against real processes: whoever dies lets go, and of many that start at once one runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { builtFile } from './built-file.js';
import { Fault } from './fault.js';
import { lockFileName, lockFolder, withFileLock } from './folder-lock.js';

let scratch: string;
let folder: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'papyrus-lock-'));
  folder = join(scratch, 'data');
});
afterEach(() => rmSync(scratch, { recursive: true }));

interface Starter {
  readonly process: ChildProcess;
  /** What it printed first. */
  readonly said: Promise<string>;
}

/** Runs module text in a process of its own; its lock functions are those that were built. */
function start(source: string): Starter {
  const file = join(scratch, `program-${Math.random()}.mjs`);
  const header = `import { lockFolder, withFileLock } from '${builtFile('libs/environment/folder-lock.js')}';
    const say = (line) => process.stdout.write(line + '\\n');\n`;
  writeFileSync(file, header + source);
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { process: child, said: lines.next().then(({ value }) => String(value)) };
}

/** Locks the folder and stays until its input ends. */
const owning = () => `
  try {
    lockFolder('${folder}', 'papyrus up');
    say('owner ' + process.pid);
    process.stdin.resume();
  } catch (cause) { say(cause.code + ' ' + cause.message); }`;

async function kill({ process }: Starter): Promise<void> {
  if (process.exitCode !== null) return;
  const ended = once(process, 'exit');
  process.kill('SIGKILL');
  await ended;
}

function refusal(): Fault {
  try {
    lockFolder(folder).release();
  } catch (cause) {
    return cause as Fault;
  }
  throw new Error('the folder was free');
}

describe('a locked folder', () => {
  it('is refused to another process, which is told the folder, the pid and what runs', async () => {
    const owner = start(owning());
    await owner.said;
    const fault = refusal();
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({ code: 'data-in-use', retriable: false });
    expect(fault.message).toContain(folder);
    expect(fault.message).toContain(`process ${owner.process.pid} (papyrus up)`);
    await kill(owner);
  });

  it('is free as soon as its owner is dead, however it died', async () => {
    for (let round = 0; round < 5; round++) {
      const owner = start(owning());
      expect(await owner.said).toBe(`owner ${owner.process.pid}`);
      expect(refusal().code).toBe('data-in-use');
      await kill(owner);
      lockFolder(folder).release();
    }
  });

  it('has one owner when many start at once, and every other is told of that one', async () => {
    const starters = Array.from({ length: 20 }, () => start(owning()));
    const said = await Promise.all(starters.map((one) => one.said));
    const owners = said.filter((line) => line.startsWith('owner '));
    expect(owners).toHaveLength(1);
    const pid = owners[0].split(' ')[1];
    const told = said.filter((line) => line.includes(`process ${pid} `) && line.startsWith('data-in-use'));
    expect(told).toHaveLength(19);
    await Promise.all(starters.map(kill));
  });

  it('is taken once within a process too, and is free again after its release', () => {
    const lock = lockFolder(folder);
    expect(refusal().code).toBe('data-in-use');
    lock.release();
    lock.release();
    lockFolder(folder).release();
    expect(readFileSync(join(folder, lockFileName), 'utf8')).toBe('');
  });

  it('is known to be held no longer where its file was removed or replaced, or the folder moved', () => {
    const lock = lockFolder(folder);
    expect(lock.stillHeld()).toBe(true);
    rmSync(join(folder, lockFileName));
    expect(lock.stillHeld()).toBe(false);
    const next = lockFolder(folder);
    expect([lock.stillHeld(), next.stillHeld()]).toEqual([false, true]);
    renameSync(folder, join(scratch, 'moved'));
    expect(next.stillHeld()).toBe(false);
    lock.release();
    next.release();
  });

  it('names path and code when the lock file cannot be opened', () => {
    writeFileSync(folder, 'a file where the folder should be');
    expect(() => lockFolder(folder)).toThrow(`${join(folder, lockFileName)} cannot be locked: EEXIST`);
    expect(refusal()).toMatchObject({ code: 'data-folder-unavailable', retriable: true });
  });
});

describe('the lock of a file', () => {
  it('lets one act in at a time, also of other processes', async () => {
    const lock = join(scratch, 'write.lock');
    const count = join(scratch, 'count');
    writeFileSync(count, '0');
    const source = `
      import { readFile, writeFile } from 'node:fs/promises';
      for (let at = 0; at < 50; at++) {
        await withFileLock('${lock}', { waitMsMax: 60_000 }, async () => {
          await writeFile('${count}', String(Number(await readFile('${count}', 'utf8')) + 1));
        });
      }
      say('done');`;
    const writers = [start(source), start(source), start(source)];
    expect(await Promise.all(writers.map((one) => one.said))).toEqual(['done', 'done', 'done']);
    expect(readFileSync(count, 'utf8')).toBe('150');
  });

  it('that was removed while others waited for it still lets one in at a time', async () => {
    const lock = join(scratch, 'write.lock');
    let inside = 0;
    let most = 0;
    const act = async () => {
      most = Math.max(most, ++inside);
      await new Promise(setImmediate);
      inside--;
    };
    let others: Promise<void>[] = [];
    await withFileLock(lock, { waitMsMax: 10_000 }, async () => {
      others = [1, 2, 3].map(() => withFileLock(lock, { waitMsMax: 10_000 }, act));
      rmSync(lock);
    });
    // Whoever comes now locks another file, and stays until one more has given up: the others try meanwhile.
    const next = withFileLock(lock, { waitMsMax: 10_000 }, async () => {
      most = Math.max(most, ++inside);
      await expect(withFileLock(lock, { waitMsMax: 60 }, act)).rejects.toMatchObject({
        code: 'file-lock-unavailable',
      });
      inside--;
    });
    await Promise.all([...others, next]);
    expect(most).toBe(1);
  });

  it('is given up in time when another does not let go, and is free after an act that throws', async () => {
    const lock = join(scratch, 'write.lock');
    const inside = withFileLock(lock, { waitMsMax: 0 }, () =>
      withFileLock(lock, { waitMsMax: 0 }, async () => 'never'),
    );
    await expect(inside).rejects.toMatchObject({ code: 'file-lock-unavailable', retriable: true });
    await expect(
      withFileLock(lock, { waitMsMax: 0 }, () => Promise.reject(new Error('broken'))),
    ).rejects.toThrow('broken');
    expect(await withFileLock(lock, { waitMsMax: 0 }, async () => 'in')).toBe('in');
  });
});
