/** The key-value store in memory keeps the promises of the port. */
import { keyValueConformance } from './key-value.conformance.js';
import { type KeyValueDrawer, openMemoryKeyValue } from './memory-key-value.js';

keyValueConformance('memory', async () => {
  const drawer: KeyValueDrawer = new Map();
  const port = openMemoryKeyValue(drawer);
  return {
    port,
    reopen: async () => openMemoryKeyValue(drawer),
    openBeside: async () => openMemoryKeyValue(drawer),
    destroy: () => port.close(),
  };
});
