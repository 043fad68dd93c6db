/** The embedded chain keeps the promises of the port, and its journal keeps every height through a SIGKILL. */
import { silentLog } from '#environment';
import { openAnvilChain } from './anvil-chain.js';
import { chainConformance } from './chain.conformance.js';

const genesisTimestampSeconds = 1_370_000_000;
const options = { chainId: 31_337, genesisTimestampSeconds, mode: 'driven', log: silentLog } as const;

chainConformance(
  'anvil',
  async () => {
    const port = await openAnvilChain({ ...options, dataFolder: undefined });
    return { port, close: () => port.close() };
  },
  8,
);
