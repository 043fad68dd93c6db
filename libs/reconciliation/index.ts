export { chooseColumns } from './choose-columns.js';
export { type LogMapping, parseMapping } from './mapping.js';
export { numberSellers, type Participants, statementNumbering } from './participants.js';
export { rankNames } from './ranked-names.js';
export {
  type StatementCounts,
  StatementNames,
  StatementReader,
  type StatementSink,
} from './read-statements.js';
export { GroupReduction, type GroupTotals } from './reduce-groups.js';
export { makeReport, type NamedFigures, type Report } from './report.js';
export type { RowCode } from './row-code.js';
export { StatementOrder } from './statement-order.js';
export { type LogRole, partitions, StatementPages } from './statement-pages.js';
export { type ExplainedStatement, type Explanation, explainStatements } from './explain.js';
