/** Numbers the names of several scans alike: by their bytes, so that no order of rows shows. */

export interface NameRanks {
  /** By rank; 0 is for none. */
  readonly names: readonly string[];
  /** Of each scan: from its own numbers to ranks. */
  readonly ranks: readonly Uint32Array[];
}

/** `scans` are the texts of each scan, the first of which stands for none. */
export function rankNames(scans: readonly (readonly string[])[]): NameRanks {
  const all = [...new Set(scans.flatMap((texts) => texts.slice(1)))].filter((name) => name !== '').sort();
  const names = ['', ...all];
  const rankOf = new Map(names.map((name, rank) => [name, rank]));
  return { names, ranks: scans.map((texts) => Uint32Array.from(texts, (name) => rankOf.get(name)!)) };
}
