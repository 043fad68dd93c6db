/**
 * Seeded, realistic traffic for the demo: a daily curve, a spread of prices, a few campaigns and placements.
 */
import { toHex } from '#encoding';
import { seededEntropy } from '#environment';
import { shortHash } from '#protocol';
import type { Impression } from './impression.js';
import { seededRandom } from './random.js';

/** Impressions by hour of day, in thousandths of the day: quiet at four, full in the evening. */
const dailyCurve = [
  31, 22, 16, 12, 11, 13, 20, 30, 39, 45, 49, 51, 54, 52, 50, 50, 51, 53, 56, 61, 67, 68, 57, 42,
];

/** Deciles of winning prices in micro-units of currency per thousand impressions, as auctions show them. */
const priceDeciles = [
  50_000, 120_000, 200_000, 310_000, 440_000, 600_000, 770_000, 960_000, 1_330_000, 2_120_000, 3_000_000,
];

export interface GeneratedTraffic {
  readonly seed: string;
  readonly sellers: readonly number[];
  /** Seconds. */
  readonly firstBlockStart: number;
  readonly blockDuration: number;
  readonly blocks: number;
  readonly impressionsPerDay: number;
}

/** The impressions of block n, ascending by time. */
export function generateImpressions(traffic: GeneratedTraffic, blockNumber: number): Impression[] {
  const random = seededRandom(`${traffic.seed}/traffic/${blockNumber}`);
  const ids = seededEntropy(`${traffic.seed}/auction/${blockNumber}`);
  const startMs = (traffic.firstBlockStart + blockNumber * traffic.blockDuration) * 1_000;
  const hour = Math.floor(startMs / 3_600_000) % 24;
  const inHour = (traffic.impressionsPerDay * dailyCurve[hour]) / 1_000;
  const count = Math.max(1, Math.round((inHour * traffic.blockDuration) / 3_600));
  const times = Array.from({ length: count }, () => random.integer(traffic.blockDuration * 1_000));
  times.sort((a, b) => a - b);
  return times.map((offsetMs) => {
    const auctionId = toHex(ids.bytes(16)).slice(2);
    const timestampMs = startMs + offsetMs;
    const seller = random.pick(traffic.sellers);
    const priceNano = priceOf(random.integer(10), random.integer(1_000));
    const campaign = `campaign-${1 + random.integer(5)}`;
    const placement = `placement-${seller}-${1 + random.integer(20)}`;
    const line = [auctionId, timestampMs, seller, priceNano, campaign, placement].join('\t');
    return {
      auctionId,
      impId: '1',
      seller,
      blockNumber,
      timestampMs,
      priceNano,
      campaign,
      placement,
      winReference: shortHash(line),
      auditReference: shortHash(`audit ${line}`),
      isClicked: random.chance(2_000),
      hasOthers: false,
    };
  });
}

/** Between two deciles; a micro-unit per thousand impressions is one nano-unit an impression. */
function priceOf(decile: number, thousandth: number): bigint {
  const low = priceDeciles[decile];
  return BigInt(low + Math.floor(((priceDeciles[decile + 1] - low) * thousandth) / 1_000));
}
