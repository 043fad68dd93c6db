/**
 * The rules of the house as data: the dependency law, sizes, words and globals that `tidy.spec.ts` checks.
 */

/** Which libs a lib may import; port folders split into port files and adapters below. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  encoding: [],
  crypto: ['encoding'],
  protocol: ['encoding', 'crypto'],
  reduction: ['encoding', 'crypto', 'protocol'],
  proofs: ['encoding', 'crypto', 'protocol', 'reduction'],
  dispute: ['encoding', 'crypto', 'protocol', 'reduction', 'proofs'],
  environment: ['encoding', 'protocol'],
  'log-files': ['encoding', 'protocol', 'environment'],
  reconciliation: ['encoding', 'crypto', 'protocol', 'reduction', 'log-files'],
  'service-config': ['encoding', 'chain', 'part-store'],
  'block-watch': [
    'api',
    'encoding',
    'crypto',
    'protocol',
    'environment',
    'chain',
    'key-value',
    'record-log',
    'part-store',
    'job-queue',
  ],
  'block-reduction': [
    'block-watch',
    'encoding',
    'crypto',
    'protocol',
    'reduction',
    'environment',
    'chain',
    'part-store',
  ],
  api: ['encoding', 'protocol'],
  sdk: ['api', 'encoding', 'crypto', 'protocol'],
  nest: ['api', 'crypto', 'environment'],
};

/**
 * Ports: the port file may import encoding and protocol, adapters also environment, those of the part store
 * crypto, those of the chain crypto and dispute.
 */
export const ports = ['record-log', 'part-store', 'chain', 'job-queue', 'key-value'] as const;
export const adapterMayImport: Readonly<Record<(typeof ports)[number], readonly string[]>> = {
  'record-log': ['encoding', 'protocol', 'environment'],
  'part-store': ['encoding', 'protocol', 'environment', 'crypto'],
  chain: ['encoding', 'crypto', 'protocol', 'dispute', 'environment'],
  'job-queue': ['encoding', 'protocol', 'environment'],
  'key-value': ['encoding', 'protocol', 'environment'],
};

/** Pure and synchronous: these names of the outside world do not occur in them. */
export const cores = ['dispute', 'proofs', 'reduction', 'protocol', 'encoding'] as const;
export const bannedInCores =
  /\b(Date\.now|new Date|Math\.random|process\.|setTimeout|setInterval|fetch\(|Promise|async |await |Intl\.|localeCompare|toLocale\w+|node:fs)/;

/** Each driver package is imported by exactly one product file. */
export const drivers = [
  '@chainsafe/hashtree',
  '@ipld/dag-cbor',
  '@noble/ciphers',
  '@noble/curves',
  '@noble/hashes',
  'blockstore-fs',
  'cli-progress',
  'cli-table3',
  'ethers',
  'fs-native-extensions',
  'hash-wasm',
  'hyparquet',
  'hyparquet-compressors',
  'hyparquet-writer',
  'pino',
  'piscina',
  'secp256k1',
  'tweetnacl',
] as const;

export const bannedSuffixes = /(Service|Manager|Helper|Util|Utils|Handler|Processor|Dto|Entity|Impl)$/;
export const bannedFileNames =
  /(^|[-.])(service|manager|helper|helpers|util|utils|handler|processor|dto|entity|impl|common|misc)\.ts$/;

/** `@nestjs/*` appears in these files only. */
export const nestFiles = /^(libs\/nest\/|apps\/[^/]+\/src\/([a-z-]+\.)?(main|module|controller|app)\.ts$)/;

export const fileLinesMax = 500;
/** Nine of ten files are shorter. */
export const fileLinesUsual = 280;
export const lineCharactersMax = 110;
export const mainLinesMax = 15;
/** From a function's first to its last line. */
export const functionLinesMax = 70;

/** Taken over by whoever uses the packages, and not by this house alone. */
export const takenOutside: readonly string[] = ['libs/sdk/index.ts'];
