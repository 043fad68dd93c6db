/**
 * Three projects: `unit` beside the code, `whole` for what holds of several libraries at once, and `engines` for what starts
 * real processes: chains, services, the command line. All run TypeScript through swc.
 */
const engines = [
  '/libs/chain/(anvil|ethers)-[^/]*',
  '/libs/nest/start-app',
  '/test/network/(?!actors/).*',
  '/test/[^/]*-on-anvil',
  '/test/(block-life|tutorial|two-chains)',
].map((files) => `${files}\\.spec\\.ts$`);
const base = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  // Copies of the house in which mutants are tested.
  modulePathIgnorePatterns: ['<rootDir>/.stryker/'],
  setupFiles: ['<rootDir>/test/seed.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { swcrc: true }] },
  moduleNameMapper: {
    '^#apps/(.*)$': '<rootDir>/apps/$1.ts',
    '^#([a-z-]+)$': '<rootDir>/libs/$1/index.ts',
    '^#([a-z-]+)/(.*)$': '<rootDir>/libs/$1/$2.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
};

const project = (displayName, testMatch, testPathIgnorePatterns) => ({
  ...base,
  displayName,
  testMatch: testMatch.map((files) => `<rootDir>/${files}`),
  testPathIgnorePatterns,
});

export default {
  projects: [
    project('unit', ['{libs,apps}/**/*.spec.ts', 'test/tidy*.spec.ts'], engines),
    project('whole', ['test/**/*.spec.ts'], ['/tidy[^/]*$', ...engines]),
    { ...base, displayName: 'engines', testRegex: engines },
  ],
  testTimeout: 240_000,
  maxWorkers: 2,
};
