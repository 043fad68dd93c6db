/** Writes rows of text and exact decimals as a Parquet file; the only file that knows hyparquet-writer. */
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';

/** A decimal is a whole number of 10^-scale, in 64 bits. */
export interface ParquetColumn {
  readonly name: string;
  readonly scale?: number;
}

export type ParquetRow = Readonly<Record<string, string | bigint | undefined>>;

type SchemaElement = NonNullable<Parameters<typeof parquetWriteRows>[0]['schema']>[number];

const precision = 18;
const groupRows = 65_536;

/** Pulls row after row; holds one group of them. */
export function writeParquet(
  path: string,
  columns: readonly ParquetColumn[],
  rows: Iterable<ParquetRow>,
): void {
  const schema: SchemaElement[] = [
    { name: 'root', num_children: columns.length },
    ...columns.map(
      ({ name, scale }): SchemaElement =>
        scale === undefined
          ? { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }
          : { name, type: 'INT64', converted_type: 'DECIMAL', scale, precision, repetition_type: 'OPTIONAL' },
    ),
  ];
  parquetWriteRows({
    writer: fileWriter(path),
    rows,
    columns: columns.map(({ name }) => ({ name })),
    schema,
    rowGroupSize: groupRows,
  });
}
