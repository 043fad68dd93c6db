export { csvRows } from './delimited-text.js';
export {
  dayName,
  dayOf,
  dayStart,
  eventOfName,
  type IpinyouLayout,
  IpinyouReader,
  ipinyouLayouts,
  layoutOf,
  nanoPerFenCpm,
  type RowFault,
} from './ipinyou-layouts.js';
export { type LogLine, readLines } from './log-lines.js';
export { LogRefused } from './log-refused.js';
export { type LogColumns, readRows } from './read-rows.js';
export { type RowBlock, rowFault } from './row-block.js';
export { type ParquetRow, writeParquet } from './write-parquet.js';
