/** Terms of which only periods and the number of participants matter, for tests of stages. */
import type { ChannelTerms } from '../channel-terms.js';

/** Collection [1000, 1110), collation [1110, 1160), processing [1160, 1200), its extension to 1240. */
export const shortTerms = {
  participants: ['0x01', '0x02', '0x03'],
  roles: [1, 3, 5],
  firstBlockStart: 1_000,
  blockDuration: 100,
  blocksMax: 5,
  collectionGrace: 10,
  collationPeriod: 50,
  processingPeriod: 40,
  challengePeriod: 30,
  disputeMax: 500,
} as unknown as ChannelTerms;
