export { chooseColumns } from './choose-columns.js';
export { type ExplainedStatement, type Explanation, explainStatements } from './explain.js';
export { findMapping, knownMappings } from './known-mappings.js';
export { type LogMapping, noCurrency, parseMapping } from './mapping.js';
export { numberSellers, type Participants, statementNumbering } from './participants.js';
export { rankNames } from './ranked-names.js';
export {
  type StatementCounts,
  StatementNames,
  StatementReader,
  type StatementSink,
  type Statements,
} from './read-statements.js';
export { GroupReduction, type GroupTotals, type Pair } from './reduce-groups.js';
export { type DifferenceKind, makeReport, type NamedFigures, type Report } from './report.js';
export type { RowCode } from './row-code.js';
export { StatementOrder } from './statement-order.js';
export {
  allocateStatements,
  headWords,
  type LogRole,
  pageRows,
  partitions,
  plainTailWords,
  type StatementMemory,
  StatementPages,
  statementAt,
  tailAt,
  type TakeRows,
  takePage,
  textTailWords,
} from './statement-pages.js';
