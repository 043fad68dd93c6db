/**
 * Finds the columns that a mapping names among those of a log, and a mapping for a log whose header says
 * it.
 */
import type { Column, LogMapping } from './mapping.js';
import type { FieldPlaces } from './read-statements.js';

export type ChosenColumns =
  | {
      readonly ok: true;
      readonly mapping: LogMapping;
      readonly fields: FieldPlaces;
      /** Columns from 0, in the order of the fields. */
      readonly wanted: readonly number[];
      readonly hasHeader: boolean;
    }
  | {
      readonly ok: false;
      readonly code: 'column-not-found' | 'log-without-header' | 'log-layout-unknown';
      readonly detail: string;
    };

/**
 * `areNames`: no line of the log names them, as in JSON and Parquet. `needsPrice`: an auditor's log has
 * none.
 */
export function chooseColumns(
  mapping: LogMapping,
  firstLine: readonly string[],
  areNames: boolean,
  needsPrice: boolean,
): ChosenColumns {
  const { columnCount } = mapping;
  if (columnCount !== undefined && columnCount !== firstLine.length) {
    const detail = `the layout has ${columnCount} columns, the first line ${firstLine.length}`;
    return { ok: false, code: 'log-layout-unknown', detail };
  }
  if (needsPrice && mapping.price === undefined) {
    return {
      ok: false,
      code: 'column-not-found',
      detail: 'the mapping names no price, as in price=COLUMN:cpm:EUR',
    };
  }
  const wanted: number[] = [];
  const missing: Column[] = [];
  const place = (column: Column | undefined): number => {
    if (column === undefined) return -1;
    const at =
      'number' in column
        ? column.number - 1
        : mapping.hasHeader || areNames
          ? firstLine.indexOf(column.name)
          : -1;
    if (at < 0 && 'name' in column && column.isOptional) return -1;
    if (at < 0 || at >= firstLine.length) missing.push(column);
    const there = wanted.indexOf(at);
    return there >= 0 ? there : wanted.push(at) - 1;
  };
  const fields = {
    id: place(mapping.id),
    imp: place(mapping.imp),
    price: needsPrice ? place(mapping.price?.column) : -1,
    time: place(mapping.time?.column),
    seller: place(mapping.seller?.column),
    campaign: place(mapping.campaign),
    placement: place(mapping.placement),
    viewable: place(mapping.viewable?.column),
    invalid: place(mapping.invalid?.column),
    where: mapping.where.map((one) => place(one.column)),
  };
  if (missing.length > 0) {
    const names = missing.map((one) => ('name' in one ? `"${one.name}"` : `#${one.number}`)).join(', ');
    const detail = `there is no column ${names} among the ${firstLine.length} of the first line: ${shown(firstLine)}`;
    return { ok: false, code: 'column-not-found', detail };
  }
  return { ok: true, mapping, fields, wanted, hasHeader: mapping.hasHeader };
}

const shownMax = 40;
const shownCharactersMax = 40;

function shown(fields: readonly string[]): string {
  const texts = fields.slice(0, shownMax).map((field) => field.slice(0, shownCharactersMax));
  return texts.join(', ') + (fields.length > shownMax ? ', …' : '');
}
