/** Two projects: `unit` beside the code, `whole` for what crosses processes. Both run TypeScript through swc. */
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

export default {
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/{libs,apps}/**/*.spec.ts', '<rootDir>/test/tidy*.spec.ts'] },
    { ...base, displayName: 'whole', testMatch: ['<rootDir>/test/**/*.spec.ts'], testPathIgnorePatterns: ['/tidy[^/]*$'] },
  ],
  testTimeout: 240_000,
  maxWorkers: 2,
};
