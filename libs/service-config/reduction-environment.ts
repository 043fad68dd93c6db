/** The environment variables of services that reduce blocks, as fields of their configuration schemas. */
import { z } from 'zod';
import { partStoreSchemes } from '#part-store/open-part-store';
import { adapterField } from './service-environment.js';

const count = (min: number, fallback: number) => z.coerce.number().int().min(min).default(fallback);

export const partStoreField = adapterField(partStoreSchemes);

export const reductionFields = {
  OTHER_PART_STORES: z
    .string()
    .default('')
    .transform((urls) => urls.split(/\s+/).filter((url) => url !== ''))
    .pipe(z.array(partStoreField)),
  THREADS: count(1, 2),
  SPILL_FOLDER: z.string().default('./data/spill'),
  ROW_MEBIBYTES: count(16, 512),
};

export interface ReductionConfig {
  readonly otherPartStores: readonly string[];
  readonly reduction: {
    readonly threads: number;
    readonly spillFolder: string;
    readonly rowMebibytes: number;
  };
}

export function reductionConfigOf(parsed: z.output<z.ZodObject<typeof reductionFields>>): ReductionConfig {
  const { OTHER_PART_STORES, THREADS, SPILL_FOLDER, ROW_MEBIBYTES } = parsed;
  return {
    otherPartStores: OTHER_PART_STORES,
    reduction: { threads: THREADS, spillFolder: SPILL_FOLDER, rowMebibytes: ROW_MEBIBYTES },
  };
}
