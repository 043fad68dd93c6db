/** The part store in memory keeps the promises of the port. */
import { type BlockDrawer, openMemoryPartStore } from './memory-part-store.js';
import { partStoreConformance } from './part-store.conformance.js';

partStoreConformance('memory', async () => {
  const drawer: BlockDrawer = new Map();
  const port = openMemoryPartStore(drawer);
  return {
    port,
    reopen: async () => openMemoryPartStore(drawer),
    async damage(digest, bytes) {
      drawer.set(Buffer.from(digest).toString('hex'), bytes);
    },
    destroy: () => port.close(),
  };
});
