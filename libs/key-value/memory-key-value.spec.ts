/** The key-value store in memory keeps the promises of the port, prompt and slow, and loses what it may lose. */
import { describe, expect, it } from '@jest/globals';
import { seededEntropy } from '#environment';
import { keyValueConformance } from './key-value.conformance.js';
import { type Awkwardness, KeyValueDrawer, openMemoryKeyValue } from './memory-key-value.js';

function conforms(name: string, awkwardness: () => Awkwardness | undefined): void {
  keyValueConformance(name, async () => {
    const drawer = new KeyValueDrawer();
    const awkward = awkwardness();
    let port = openMemoryKeyValue(drawer, awkward);
    return {
      port,
      async reopen() {
        await port.close();
        port = openMemoryKeyValue(drawer, awkward);
        return port;
      },
      openBeside: async () => openMemoryKeyValue(drawer, awkward),
      destroy: () => port.close(),
    };
  });
}

conforms('memory', () => undefined);
conforms('slow memory', () => ({ entropy: seededEntropy('slow'), turnsMax: 5 }));

describe('awkward memory', () => {
  it('answers some writes by a fault, of which some were written and some were not', async () => {
    const entropy = seededEntropy('uncertain');
    const drawer = new KeyValueDrawer();
    const store = openMemoryKeyValue(drawer, { entropy, turnsMax: 0, uncertainOf256: 128 });
    const written: string[] = [];
    const faulted: string[] = [];
    for (let at = 0; at < 100; at++) {
      const write = store.write([{ key: `${at}`, value: new Uint8Array() }]);
      await write.then(
        () => written.push(`${at}`),
        (cause) => {
          expect(cause).toMatchObject({ code: 'key-value-unavailable', retriable: true });
          faulted.push(`${at}`);
        },
      );
    }
    const standing = (key: string) => drawer.entries.get(key) !== undefined;
    expect(written.every(standing)).toBe(true);
    expect(faulted.some(standing)).toBe(true);
    expect(faulted.every(standing)).toBe(false);
  });

  it('takes a lease away from its holder, and the holder is told', async () => {
    const drawer = new KeyValueDrawer();
    const [one, other] = [openMemoryKeyValue(drawer), openMemoryKeyValue(drawer)];
    const held = await one.lease('sweep', 1_000);
    drawer.loseLease('sweep');
    expect(held?.lost.aborted).toBe(true);
    const taken = await other.lease('sweep', 1_000);
    await held?.release();
    expect(await one.lease('sweep', 1_000)).toBeUndefined();
    expect(taken?.epoch).toBeGreaterThan(held?.epoch ?? 0);
  });
});
