/** The record log in memory keeps the promises of the port. */
import { openMemoryRecordLog, type RecordDrawers } from './memory-record-log.js';
import { recordLogConformance } from './record-log.conformance.js';

recordLogConformance('memory', async () => {
  const drawers: RecordDrawers = new Map();
  const port = openMemoryRecordLog(drawers);
  return {
    port,
    reopen: async () => openMemoryRecordLog(drawers),
    openBeside: async () => openMemoryRecordLog(drawers),
    destroy: () => port.close(),
  };
});
