/** The chain over a node that is not ours keeps the promises of the port: here it meets an anvil that
 *  another one drives. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addressOf } from '#crypto';
import type { Hex } from '#encoding';
import { silentLog } from '#environment';
import { openAnvilChain } from './anvil-chain.js';
import { chainConformance } from './chain.conformance.js';
import type { Chain, DrivenChain } from './chain.js';
import type { ChainOutcome } from './chain-outcome.js';
import { developmentContracts } from './deployment.js';
import { JsonRpc } from './json-rpc.js';
import { openChain } from './open-chain.js';
import { keyOf, noKeys } from './testing/example-channel.js';

const anvilOptions = {
  chainId: 31_337,
  genesisTimestampSeconds: 1_370_000_000,
  mode: 'driven',
  log: silentLog,
  dataFolder: undefined,
} as const;
const remoteOptions = {
  lens: developmentContracts().Lens,
  pollIntervalMs: 5,
  requestTimeoutMs: 5_000,
  inclusionTimeoutMs: 10_000,
  log: silentLog,
};

chainConformance(
  'an Ethereum node',
  async () => {
    const driver = await openAnvilChain(anvilOptions);
    const remote = await openChain(driver.url, remoteOptions);
    const port = minedBy(driver, remote);
    return {
      port,
      async close() {
        await remote.close();
        await driver.close();
      },
    };
  },
  1,
);

/** Reads and acts through `remote`; time, coins and heights from `driver`, which mines as long as an act
 *  waits. */
function minedBy(driver: DrivenChain, remote: Chain): DrivenChain {
  let waiting = 0;
  let isMining = false;
  const mineWhileWaiting = async (): Promise<void> => {
    if (isMining) return;
    isMining = true;
    while (waiting > 0) {
      const { timestampSeconds } = await driver.time();
      // A test that moves time on meanwhile mines a height as well.
      await driver.advanceTo(timestampSeconds).catch(() => {});
    }
    isMining = false;
  };
  const mined = <Acts extends object>(actor: Acts): Acts =>
    new Proxy(actor, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        return async (...values: unknown[]): Promise<ChainOutcome> => {
          waiting += 1;
          mineWhileWaiting();
          try {
            return await (member.apply(target, values) as Promise<ChainOutcome>);
          } finally {
            waiting -= 1;
          }
        };
      },
    });
  const remoteMembers = ['domain', 'time', 'snapshot', 'channelsOf', 'events', 'gasBalance', 'subscribe'];
  return new Proxy(driver, {
    get(target, name) {
      if (name === 'participantActs' || name === 'validatorActs') {
        return (key: Uint8Array) => mined(remote[name](key));
      }
      const owner = remoteMembers.includes(String(name)) ? remote : target;
      const member = Reflect.get(owner, name) as unknown;
      return typeof member === 'function' ? member.bind(owner) : member;
    },
  });
}

describe('two processes with one key', () => {
  it('post each what it has to post, though each takes the nonces for its own', async () => {
    const driver = await openAnvilChain(anvilOptions);
    // Under another name the node is another chain's for our process: nothing of the key is shared.
    const urls = [driver.url, driver.url.replace('127.0.0.1', 'localhost')];
    const remotes = await Promise.all(urls.map((url) => openChain(url, remoteOptions)));
    const posted = remotes.flatMap((remote, process) => {
      const acts = minedBy(driver, remote).participantActs(keyOf('shared'));
      return Array.from({ length: 8 }, (_, at) =>
        acts.registerParticipant({ ...noKeys, endpoint: `http://${process}/${at}` }, {}),
      );
    });
    const outcomes = await Promise.all(posted);
    expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
    const rpc = new JsonRpc(driver.url, 5_000);
    expect(Number(await rpc.call('eth_getTransactionCount', addressOf(keyOf('shared')), 'latest'))).toBe(16);
    rpc.close();
    for (const chain of [...remotes, driver]) await chain.close();
  });
});

describe('a node in trouble', () => {
  let server: Server;
  let url: string;
  /** What the node answers to a method: a result, or nothing at all. */
  let answers: Record<string, unknown>;
  beforeEach(async () => {
    server = createServer(async (request, response) => {
      let text = '';
      for await (const part of request) text += part;
      const body = JSON.parse(text) as { id: number; method: string } | { id: number; method: string }[];
      const said = [body].flat().map(({ id, method }) => ({ jsonrpc: '2.0', id, ...answerTo(method) }));
      response.end(JSON.stringify(Array.isArray(body) ? said : said[0]));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    answers = { eth_chainId: '0x1', eth_call: someAddresses };
  });
  afterEach(() => {
    server.close();
  });
  const answerTo = (method: string) =>
    method in answers
      ? { result: answers[method] }
      : { error: { code: -32_000, message: `${method} is not for you` } };

  it('is a retriable fault when nothing listens', async () => {
    await new Promise((resolve) => server.close(resolve));
    await expect(openChain(url, remoteOptions)).rejects.toMatchObject({
      code: 'chain-unavailable',
      retriable: true,
    });
  });

  it('is a retriable fault when it does not answer in time', async () => {
    server.removeAllListeners('request').on('request', () => {});
    const slow = openChain(url, { ...remoteOptions, requestTimeoutMs: 50 });
    await expect(slow).rejects.toMatchObject({ code: 'chain-unavailable' });
    server.closeAllConnections();
  });

  it('says so when there is no Lens at the address', async () => {
    const absent = { code: 'lens-not-found', retriable: false, message: expect.stringContaining('no Lens') };
    for (const answer of ['0x', '0x01']) {
      answers.eth_call = answer;
      await expect(openChain(url, remoteOptions)).rejects.toMatchObject(absent);
    }
  });

  it('is a fault, not a refusal, when it refuses for reasons of its own', async () => {
    const chain = await openChain(url, remoteOptions);
    const actor = chain.participantActs(keyOf('remote'));
    const act = actor.closeChannel(`0x${'00'.repeat(32)}` as const);
    await expect(act).rejects.toMatchObject({ code: 'chain-unavailable', retriable: true });
    await chain.close();
  });

  it('is a fault when an act is in no height in time, and the next act asks for its nonce anew', async () => {
    let counted = 0;
    answers = {
      ...answers,
      eth_estimateGas: '0x5208',
      eth_getBlockByNumber: { baseFeePerGas: '0x7' },
      eth_gasPrice: '0x9',
      eth_sendRawTransaction: word('0x01'),
      eth_getTransactionReceipt: null,
      get eth_getTransactionCount() {
        counted += 1;
        return '0x3';
      },
    };
    const chain = await openChain(url, { ...remoteOptions, inclusionTimeoutMs: 30 });
    const actor = chain.participantActs(keyOf('remote'));
    for (const tries of [1, 2]) {
      await expect(actor.closeChannel(word('0x00'))).rejects.toMatchObject({ code: 'chain-unavailable' });
      expect(counted).toBe(tries);
    }
    await chain.close();
  });
});

/** The answer of `Lens.deployed`. */
const someAddresses: Hex = `0x${`${'0'.repeat(24)}${'c0'.repeat(20)}`.repeat(9)}`;

function word(value: Hex): Hex {
  return `0x${value.slice(2).padStart(64, '0')}`;
}
