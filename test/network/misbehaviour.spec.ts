/**
 * One participant misbehaves: the block settles for the others as if its part had been empty, and the report
 * says why.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { demoSpec } from '#apps/cli/src/commands/demo';
import { drive } from '#apps/cli/src/network/drive';
import { openBlock } from '#apps/cli/src/network/open-block';
import { type Network, openNetwork } from '#apps/cli/src/network/open-network';
import { RefusalNotes } from '#apps/cli/src/network/refusal-notes';
import { trafficOf, trafficWorks } from '#apps/cli/src/network/submit-traffic';
import { generateImpressions } from '#apps/cli/src/traffic/generate-impressions';
import { planBlock } from '#apps/cli/src/traffic/plan-records';
import { dishonestCollator, type Mischief, mischiefs } from './mallory.js';

const options = { seed: 'mallory', impressions: 5_000, sellers: 2, blocks: 1 };
const auditor = 3;

async function settleWith(mischief: Mischief | undefined, mallory: number) {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-mallory-'));
  const spec = demoSpec(options);
  const network = await openNetwork(spec, folder, { mode: 'driven' });
  try {
    const traffic = { ...options, sellers: [1, 2], ...spec, impressionsPerDay: options.impressions };
    const roster = { names: spec.participants.map((one) => one.name), auditor };
    const plan = planBlock(0, generateImpressions(traffic, 0), roster, {
      seed: options.seed,
      disagreePpm: 50_000,
    });
    const notes = new RefusalNotes(join(folder, 'refusals.ndjson'));
    const works = trafficWorks(network, { traffic: [trafficOf(plan)], hasInvalidSubmissions: false }, notes, {
      accepted: () => {},
      plan: () => {},
    });
    const groups = network.groups.map((group) => {
      if (group.kind !== 'collate' || mischief === undefined) return group;
      const sweepers = group.sweepers.with(mallory, dishonestCollator(network, mallory, mischief));
      return { ...group, sweepers };
    });
    const driven = { ...network, groups };
    const idle = { onRound: () => {}, onStep: () => {} };
    const [state] = await drive(driven, { channelId: network.channelId, blocks: 1, works, ...idle });
    const block = await openBlock(network, { ...network, ...state, blockKey: network.blockKey(0) });
    const paid = await Promise.all(
      network.members.map((one) => balanceOf(network, one.secrets.account.address)),
    );
    return { stage: state.stage.stage, results: state.facts.results.length, output: block.output, paid };
  } finally {
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const balanceOf = async (network: Network, account: `0x${string}`): Promise<bigint> =>
  (await network.chain.snapshot({ finality: 'latest' })).balance(network.token, account);

describe('a participant that', () => {
  // Everyone holds everyone's records, so nothing is lost with one part: the honest block says what to
  // expect.
  const honest = settleWith(undefined, 0);

  it.each(mischiefs)('$name costs the others nothing', async (mischief) => {
    const expected = await honest;
    expect(expected).toMatchObject({ stage: 'settled', results: 1 });
    expect(expected.output.report.invalidParts).toEqual([]);
    for (const mallory of [0, 2]) {
      const found = await settleWith(mischief, mallory);
      expect(found.stage).toBe('settled');
      expect(found.results).toBe(1);
      expect(found.output.report.invalidParts).toEqual([[mallory, mischief.reason]]);
      expect(found.output.settlementRoot).toEqual(expected.output.settlementRoot);
      expect(found.paid).toEqual(expected.paid);
      expect(found.paid[1]).toBeGreaterThan(0n);
    }
  });
});
