import { beforeEach, describe, expect, it } from '@jest/globals';
import { DrivenClock, silentLog } from '#environment';
import { openMemoryKeyValue } from '#key-value/memory-key-value';
import { logBegin, logPosition } from '#record-log';
import { ForwardingProgress, type ProgressPorts } from './forwarding-progress.js';

let ports: ProgressPorts;

/** As a process has it that begins. */
const begun = (): ForwardingProgress => new ForwardingProgress({ channelId: '0x01', participant: 0 }, ports);

beforeEach(() => {
  ports = { keyValue: openMemoryKeyValue(), clock: new DrivenClock(0), log: silentLog };
});

describe('how far forwarding has come', () => {
  it('goes on in the next process where it stood', async () => {
    const first = begun();
    expect(await first.next('log', logPosition(10))).toBe(logBegin);
    await first.advance(logPosition(8));
    expect(await begun().next('log', logPosition(10))).toBe(8);
  });

  it('stays at the beginning of a log that was found shorter, though it grows past the old place before anything is delivered', async () => {
    const first = begun();
    await first.next('log', logPosition(10));
    await first.advance(logPosition(8));
    expect(await begun().next('log', logPosition(3))).toBe(logBegin);
    expect(await begun().next('log', logPosition(10))).toBe(logBegin);
  });

  it('is written down when an advance resolves', async () => {
    let written = (): void => {};
    const keyValue = openMemoryKeyValue();
    const write: typeof keyValue.write = async (...given) => {
      await new Promise<void>((resolve) => {
        written = resolve;
      });
      return keyValue.write(...given);
    };
    ports = { ...ports, keyValue: Object.assign(openMemoryKeyValue(), { write }) };
    const progress = begun();
    await progress.next('log', logPosition(10));
    let isDone = false;
    const advanced = progress.advance(logPosition(8)).then(() => {
      isDone = true;
    });
    await new Promise(setImmediate);
    expect(isDone).toBe(false);
    written();
    await advanced;
  });
});
