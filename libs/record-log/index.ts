export { type LogEntry, type LogPartition, logEntryBytesMax, type RecordLog } from './record-log.js';
