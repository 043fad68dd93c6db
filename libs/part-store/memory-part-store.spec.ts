/** The part store in memory keeps the promises of the port, at its most awkward. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { blockDrawer, openMemoryPartStore } from './memory-part-store.js';
import { partStoreConformance } from './part-store.conformance.js';

partStoreConformance('memory', async (timers) => {
  const drawer = blockDrawer();
  const port = openMemoryPartStore(drawer, { timers });
  return {
    port,
    another: async () => openMemoryPartStore(drawer, { timers, losesUnheld: true }),
    async damage(digest, bytes) {
      const name = Buffer.from(digest).toString('hex');
      if (bytes === undefined) drawer.blocks.delete(name);
      else drawer.blocks.set(name, bytes);
    },
    slowDown() {
      let goOn = (): void => {};
      drawer.slowness = new Promise((resolve) => {
        goOn = resolve;
      });
      return goOn;
    },
    async takeAway() {
      drawer.isAway = true;
      return async () => {
        drawer.isAway = false;
      };
    },
    destroy: () => port.close(),
  };
});

describe('the part store in memory', () => {
  it('loses what nobody holds when it is opened again, if it is told to', async () => {
    const drawer = blockDrawer();
    const [held, loose] = [Buffer.from('held'), Buffer.from('loose')];
    const first = openMemoryPartStore(drawer, { losesUnheld: true });
    await first.hold('owner', [new Uint8Array(createHash('sha256').update(held).digest())]);
    const digests = await first.putMany([held, loose]);
    const again = openMemoryPartStore(drawer, { losesUnheld: true });
    expect(await again.get(digests[0])).toEqual(new Uint8Array(held));
    expect(await again.get(digests[1])).toBe('absent');
  });
});
