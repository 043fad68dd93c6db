/**
 * Two organisations on one chain that neither owns: keys, registration, bonds, a channel from draft to open, a
 * settled block, and leaving, by commands and services alone.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readProposal, writeProposal } from '#apps/cli/src/channel/proposal';
import { freshSecrets, readPublicKeys, readSecret, writeKeys } from '#apps/cli/src/keys/key-folder';
import type { NetworkMember } from '#apps/cli/src/network/open-channel';
import type { ParticipantSecrets, SigningKey } from '#apps/cli/src/network/participant-keys';
import type { DrivenChain } from '#chain';
import { openAnvilChain } from '#chain/anvil-chain';
import { developmentContracts } from '#chain/deployment';
import { addressOf, encryptionPublicKey } from '#crypto';
import type { Address } from '#encoding';
import { seededEntropy, silentLog } from '#environment';
import { type ChannelId, channelIdOf, roleOf } from '#protocol';
import { OrganisationProcesses } from './processes/organisation-processes.js';
import { TrafficSigner, win } from './processes/traffic.js';
import { until } from './processes/until.js';
import { type CliRun, runCli } from './run-cli.js';

const unit = 1_000_000n;
const coins = 10n ** 20n;
const bond = String(10n ** 18n);
const names = ['dsp', 'ssp'] as const;

/** The folders of one organisation, and what runs of it. */
interface Company {
  readonly keys: string;
  readonly validatorKeys: string;
  readonly account: Address;
  readonly validator: Address;
  readonly secrets: ParticipantSecrets;
  readonly processes: OrganisationProcesses;
}

describe('two organisations that have nothing but a chain, a part store and each other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'papyrus-commands-'));
  const lens = developmentContracts().Lens;
  let chain: DrivenChain;
  let token: Address;
  let companies: readonly Company[] = [];
  let channelId: ChannelId;

  beforeAll(async () => {
    const genesisTimestampSeconds = Math.floor(Date.now() / 1_000) - 60;
    const mode = { intervalSeconds: 1 };
    chain = await openAnvilChain({
      ...{ dataFolder: undefined, chainId: 31_337, genesisTimestampSeconds, mode, log: silentLog },
    });
    token = await chain.deployToken('Euro', 'EUR', 6);
  });

  afterAll(async () => {
    for (const { processes } of companies) {
      for (const app of processes.started) await app.end('SIGKILL');
    }
    await chain.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const at = (...path: string[]): string => join(folder, ...path);
  const papyrus = (...args: string[]): Promise<CliRun> =>
    runCli([...args, '--chain', chain.url, ...(args.includes('--lens') ? [] : ['--lens', lens]), '--json']);

  /** The data of a command that ends well. */
  async function done(...args: string[]): Promise<Record<string, unknown>> {
    const run = await papyrus(...args);
    expect([args.join(' '), run.stderr, run.code]).toEqual([args.join(' '), '', 0]);
    return run.lines.at(-1)?.data as Record<string, unknown>;
  }

  async function refused(...args: string[]): Promise<string> {
    const { lines, code } = await papyrus(...args);
    expect(code).toBeGreaterThan(1);
    const [problem] = (lines.at(-1)?.errors ?? []) as { code: string; message: string }[];
    return `${problem?.code}: ${problem?.message}`;
  }

  async function company(name: string): Promise<Company> {
    const [keys, validatorKeys] = [at(name, 'keys'), at(name, 'validator-keys')];
    expect((await runCli(['keys', 'new', '--out', keys, '--json'])).code).toBe(0);
    expect((await runCli(['keys', 'new', '--out', validatorKeys, '--for', 'validator', '--json'])).code).toBe(
      0,
    );
    const secrets = secretsIn(keys, validatorKeys);
    const processes = new OrganisationProcesses({
      ...{ secrets, chainUrl: chain.url, lens, folder: at(name, 'data'), partsFolder: at('parts') },
    });
    const account = secrets.account.address;
    const validator = secrets.validator.address;
    for (const one of [account, validator, secrets.operator.address]) await chain.fund(one, coins);
    return { keys, validatorKeys, account, validator, secrets, processes };
  }

  it('register their keys, bond, and name validators', async () => {
    companies = await Promise.all(names.map(company));
    for (const { keys, validatorKeys, validator, processes } of companies) {
      await processes.startAll();
      const endpoint = processes.url('channel-node');
      const before = await chain.time();
      const tried = await done('keys', 'register', '--keys', keys, '--endpoint', endpoint, '--dry-run');
      expect(tried).toMatchObject({
        isDryRun: true,
        signed: [{ what: 'record key' }, { what: 'operator key' }],
        acts: [{ height: null, rehearsed: { contract: 'ParticipantRegistry', call: 'register' } }],
      });
      expect(before.height).toBeGreaterThan(0);
      await done('keys', 'register', '--keys', keys, '--endpoint', endpoint);
      await done('account', 'bond', '--keys', keys, '--wei', bond);
      const validatorUrl = processes.url('validator');
      const fee = ['--endpoint', validatorUrl, '--bond', bond];
      await done('validator', 'register', '--keys', validatorKeys, ...fee);
      await done('account', 'trust', validator, '--keys', keys);
    }
    const now = await chain.snapshot({ finality: 'latest' });
    for (const { account, validator, secrets } of companies) {
      expect(await now.keysAt(account, now.timestampSeconds + 1)).toMatchObject({
        recordKey: secrets.record.address,
        operatorKey: secrets.operator.address,
      });
      expect(await now.weiAccount(account)).toMatchObject({ freeWei: BigInt(bond) });
      expect(await now.validator(validator)).toMatchObject({ stakeWei: BigInt(bond) });
      expect(await now.ownValidatorSince(account, validator)).toBeGreaterThan(0);
    }
  });

  it('agree on terms, each with its own copy, and open the channel', async () => {
    const [dsp, ssp] = companies;
    const draft = {
      schemaVersion: 1,
      participants: [
        { role: 'dsp', account: dsp.account },
        { role: 'ssp', account: ssp.account, blockMax: '50' },
      ],
      token,
      tokenPerUnit: String(unit),
      firstBlockStart: new Date(((await chain.time()).timestampSeconds + 60) * 1_000).toISOString(),
      blockDuration: 8,
      blocksMax: 64,
      ...{
        collectionGrace: 1,
        collationPeriod: 30,
        processingPeriod: 30,
        challengePeriod: 30,
        answerPeriod: 5,
      },
    };
    const [draftFile, proposal, copy] = [at('draft.json'), at('proposal.json'), at('copy.json')];
    writeFileSync(draftFile, JSON.stringify(draft));
    const propose = ['channel', 'propose', draftFile, '--keys', dsp.keys, '--out', proposal];
    expect(await done(...propose, '--dry-run')).toMatchObject({ isDryRun: true, acts: [] });
    expect(existsSync(proposal)).toBe(false);
    const proposed = await done(...propose);
    channelId = proposed.channelId as ChannelId;
    writeFileSync(copy, readFileSync(proposal));

    const shown = await done('channel', 'sign', proposal, '--keys', dsp.keys, '--dry-run');
    expect(shown).toMatchObject({ signed: [{ data: { primaryType: 'ChannelTerms' } }] });
    expect(readFileSync(proposal, 'utf8')).toBe(readFileSync(copy, 'utf8'));
    await done('channel', 'sign', proposal, '--keys', dsp.keys);
    await done('channel', 'sign', copy, '--keys', ssp.keys);
    const open = ['channel', 'open', proposal, '--keys', dsp.keys];
    expect(await refused(...open)).toMatch(new RegExp(`^signatures-missing: ${ssp.account}`));
    open.splice(3, 0, copy);
    expect(await done(...open, '--dry-run')).toMatchObject({
      acts: [{ rehearsed: { contract: 'Channels', call: 'openChannel' } }],
    });
    expect(await done(...open)).toMatchObject({ channelId, acts: [{ act: 'open the channel' }] });
    expect(await done(...open)).toMatchObject({ channelId, acts: [] });
  });

  it('are refused by name what does not open, or is not theirs', async () => {
    const [dsp, ssp] = companies;
    const draft = JSON.parse(readFileSync(at('draft.json'), 'utf8')) as { participants: object[] };
    const propose = (name: string, change: object): Promise<string> => {
      const file = at(`${name}.json`);
      writeFileSync(file, JSON.stringify({ ...draft, ...change }));
      return refused('channel', 'propose', file, '--keys', dsp.keys, '--out', at(`${name}-proposal.json`));
    };
    expect(await propose('short', { disputeMax: 1 })).toMatch(
      /^terms-refused: disputeMax is 1, not at least/,
    );
    const stranger = { role: 'auditor', account: `0x${'11'.repeat(20)}`, blockMax: '1' };
    const withStranger = { participants: [...draft.participants, stranger] };
    expect(await propose('stranger', withStranger)).toMatch(/^participant-unknown: 0x1{40} has no keys/);
    const others = { participants: [{ role: 'dsp', account: ssp.account }, draft.participants[1]] };
    expect(await propose('others', others)).toMatch(/^keys-of-another: .* is no participant of/);

    const proposal = readProposal(at('proposal.json'));
    const other = at('ssp', 'other-keys');
    const secret = readSecret(ssp.keys, 'account');
    const entropy = seededEntropy('other keys');
    const fresh = freshSecrets(['operator', 'record', 'encryption'], entropy);
    writeKeys(other, 'participant', { ...fresh, account: secret });
    const sign = (file: string, keys: string) => refused('channel', 'sign', at(file), '--keys', keys);
    expect(await sign('proposal.json', other)).toMatch(/^proposal-not-ours: box-does-not-open/);
    const domain = { ...proposal.domain, chainId: 1 };
    const channelId = channelIdOf(domain, proposal.terms);
    await writeProposal(at('elsewhere.json'), { ...proposal, domain, channelId, signatures: [null, null] });
    expect(await sign('elsewhere.json', ssp.keys)).toMatch(/^proposal-not-ours: the proposal is for chain 1/);
    expect(await sign('proposal.json', ssp.validatorKeys)).toMatch(/^keys-of-another: .* of a participant/);
    const unknown = await refused('account', 'trust', ssp.account, '--keys', dsp.keys);
    expect(unknown).toMatch(/^validator-unknown: /);
    expect(await refused('account', 'show', '--keys', dsp.keys, '--lens', token)).toMatch(
      /^lens-not-found: /,
    );
  });

  it('fill the line, and see the cover', async () => {
    const [dsp, ssp] = companies;
    await chain.mint(token, dsp.account, 500n * unit);
    const deposit = ['channel', 'deposit', channelId.slice(0, 12), '--keys', dsp.keys];
    const line = ['--payee', ssp.account, '--amount', '400.5'];
    const tried = (await done(...deposit, ...line, '--dry-run')).acts as { rehearsed: { call: string } }[];
    expect(tried.map(({ rehearsed }) => rehearsed.call)).toEqual(['approve', 'deposit']);
    expect(await refused(...deposit, '--payee', '1', '--amount', '0.0000001')).toMatch(/^amount-not-payable/);
    expect(await refused(...deposit, '--payee', '2', '--amount', '1')).toMatch(/^participant-unknown/);
    await done(...deposit, ...line);
    const wrong = ['channel', 'deposit', channelId, '--keys', ssp.keys, ...line];
    expect(await refused(...wrong)).toMatch(/^keys-of-another: .* comes back to the payer/);
    const cover = await done('channel', 'cover', channelId, '--keys', ssp.keys);
    const [blockMax, amount] = [50n * unit, (4_005n * unit) / 10n];
    expect(cover.lines).toEqual([
      expect.objectContaining({ payee: 1, cover: String(blockMax), amount: String(amount), debt: '0' }),
    ]);
  });

  it('settle a block that their services bring through, and the payee takes its money', async () => {
    const [dsp, ssp] = companies;
    const members = companies.map(({ secrets }, index): NetworkMember => {
      const { processes } = companies[index];
      const role = index === 0 ? roleOf.dsp : roleOf.ssp;
      const urls = { nodeUrl: processes.url('channel-node'), validatorUrl: processes.url('validator') };
      return { index, name: names[index], role, secrets, ...urls };
    });
    const signer = new TrafficSigner(await chain.domain(), channelId, members);
    const timestampMs = BigInt((await chain.time()).timestampSeconds) * 1_000n;
    const price = 2_500_000_000n;
    for (const { index, nodeUrl } of members) {
      const records = ['one', 'two', 'three'].map((name) => win(index, name, price / 4n, timestampMs));
      await until('a batch that is taken', async () => {
        const sent = await fetch(`${nodeUrl}/v1/channels/${channelId}/records`, {
          method: 'POST',
          headers: { 'content-type': 'application/vnd.papyrus.batch' },
          body: signer.sign(index, 0, 0, records).bytes,
        });
        return sent.ok ? true : undefined;
      });
    }
    await until('the settled block', async () => {
      const now = await chain.snapshot({ finality: 'latest' });
      return (await now.blockFacts(channelId, 0)).settledAtSeconds;
    });
    // Each proves what an impression paid from the store and the chain, and the other checks it there.
    const place = ['--keys', ssp.keys, '--parts', `file:${at('parts')}`];
    const impression = ['--auction', 'two', '--imp', '1', '--out', at('proof.json')];
    const proof = await done('record', 'prove', channelId, '0', ...place, ...impression);
    expect(proof).toMatchObject({
      isSettled: true,
      isIncluded: true,
      amountsNano: [0, 1].map(() => String(price / 4n)),
    });
    expect(await done('block', 'verify', channelId, '0', ...place)).toMatchObject({
      ...{ stage: 'settled', outputHash: proof.outputHash, others: [] },
    });
    expect(await done('record', 'verify', at('proof.json'))).toMatchObject({
      isOnChain: true,
      records: companies.map(({ secrets }) => ({ signer: secrets.record.address })),
    });
    expect(await refused('record', 'prove', channelId, '7', ...place, ...impression)).toMatch(
      /^block-not-settled/,
    );
    const nowhere = ['--keys', ssp.keys, '--parts', `file:${at('nowhere')}`];
    expect(await refused('block', 'verify', channelId, '0', ...nowhere)).toMatch(/^parts-not-found/);
    const late = await refused('block', 'accept', channelId, '0', ...place);
    expect(late).toMatch(/^refused-by-contracts: accept the result: wrong-stage/);
    expect(await done('block', 'show', channelId, '0', ...place)).toMatchObject({ stage: 'settled' });
    const settle = await done('channel', 'settle', channelId, '--keys', ssp.keys);
    expect((settle.open as { blockNumber: number }[])[0]?.blockNumber).toBeGreaterThan(0);
    const contested = await done('channel', 'contested', channelId, '--keys', ssp.keys);
    expect(contested).toMatchObject({ contested: [] });
    const earned = (3n * (price / 4n) * unit) / 1_000_000_000n;
    const to = addressOf(new Uint8Array(32).fill(7));
    const withdrawn = await done('channel', 'withdraw', channelId, '--keys', ssp.keys, '--to', to);
    expect(withdrawn).toMatchObject({ amount: String(earned), to: to.toLowerCase() });
    const now = await chain.snapshot({ finality: 'latest' });
    expect(await now.tokenBalance(token, to)).toBe(earned);
    expect(await now.tokenBalance(token, dsp.account)).toBe((995n * unit) / 10n);
  });

  it('leave: the payee gives back, the channel closes, and the payer has what is left', async () => {
    const [dsp, ssp] = companies;
    await done('channel', 'request', channelId, '--keys', dsp.keys, '--payee', '1', '--amount', '10');
    await done('channel', 'release', channelId, '--keys', ssp.keys, '--amount', '100');
    expect(await refused('channel', 'release', channelId, '--keys', dsp.keys, '--amount', '1')).toMatch(
      /^refused-by-contracts: release: not-payee/,
    );
    const nothing = { payee: 1, amount: '0', acts: [] };
    const keys = ['--keys', dsp.keys, '--payee', '1'];
    expect(await done('channel', 'pay-debt', channelId, ...keys)).toMatchObject({ ...nothing, debt: '0' });
    expect(await done('channel', 'concede', channelId, ...keys, '--block', '0')).toMatchObject(nothing);
    expect(await refused('channel', 'concede', channelId, '--keys', dsp.keys, '--block', '0')).toMatch(
      /^usage: the payer names/,
    );
    await done('channel', 'close', channelId, '--keys', ssp.keys);
    expect(await done('channel', 'close', channelId, '--keys', dsp.keys)).toMatchObject({ acts: [] });
    await until('the payer has all', async () => {
      await done('channel', 'withdraw', channelId, '--keys', dsp.keys);
      const now = await chain.snapshot({ finality: 'latest' });
      const lines = (await now.channel(channelId))?.lines ?? [];
      return lines.every(({ amount }) => amount === 0n) ? true : undefined;
    });
    const now = await chain.snapshot({ finality: 'latest' });
    const earned = 1_875_000n;
    expect(await now.tokenBalance(token, dsp.account)).toBe(500n * unit - earned);
    const { validatorKeys, validator } = dsp;
    const free = await done('account', 'withdraw', '--keys', dsp.keys, '--amount', '1000');
    expect(free).toMatchObject({ account: dsp.account, amount: '1000', acts: [{ act: 'withdraw' }] });
    expect(await done('account', 'withdraw', '--keys', validatorKeys, '--all')).toMatchObject({
      amount: '0',
      acts: [],
    });
    await done('validator', 'leave', '--keys', validatorKeys);
    await expect((await chain.snapshot({ finality: 'latest' })).validator(validator)).resolves.toMatchObject({
      exitWei: BigInt(bond),
    });
  });

  it('replace a key that may be known, and take one away', async () => {
    const [dsp, ssp] = companies;
    const fresh = at('dsp', 'keys-2');
    const rotate = ['keys', 'rotate', '--keys', dsp.keys, '--out', fresh, '--only', 'operator'];
    await done(...rotate, '--dry-run');
    expect(existsSync(fresh)).toBe(false);
    await done(...rotate);
    const [before, after] = [readPublicKeys(dsp.keys), readPublicKeys(fresh)];
    expect(after).toEqual({ ...before, operator: after.operator });
    expect(after.operator).not.toBe(before.operator);
    await done('keys', 'register', '--keys', ssp.keys, '--revoke', 'record', 'operator');
    const now = await chain.snapshot({ finality: 'latest' });
    const keysOf = (account: Address) => now.keysAt(account, now.timestampSeconds + 1);
    expect(await keysOf(dsp.account)).toMatchObject({
      operatorKey: after.operator,
      recordKey: before.record,
      endpoint: dsp.processes.url('channel-node'),
    });
    const zero = `0x${'00'.repeat(20)}`;
    expect(await keysOf(ssp.account)).toMatchObject({ operatorKey: zero, recordKey: zero });
  });
});

function secretsIn(keys: string, validatorKeys: string): ParticipantSecrets {
  const signing = (folder: string, purpose: 'account' | 'operator' | 'record'): SigningKey => {
    const privateKey = readSecret(folder, purpose);
    return { privateKey, address: addressOf(privateKey) };
  };
  const encryption = (folder: string) => {
    const secretKey = readSecret(folder, 'encryption');
    return { secretKey, publicKey: encryptionPublicKey(secretKey) };
  };
  return {
    account: signing(keys, 'account'),
    operator: signing(keys, 'operator'),
    record: signing(keys, 'record'),
    encryption: encryption(keys),
    validator: signing(validatorKeys, 'account'),
    validatorEncryption: encryption(validatorKeys),
  };
}
