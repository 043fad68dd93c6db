export type { LogEntry, LogPartition, RecordLog } from './record-log.js';
