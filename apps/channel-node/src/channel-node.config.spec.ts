import { describe, expect, it } from '@jest/globals';
import { readChannelNodeConfig } from './channel-node.config.js';

const environment = {
  ACCOUNT: `0x${'AB'.repeat(20)}`,
  OPERATOR_KEY: `0x${'07'.repeat(32)}`,
  RECORD_LOG: 'file:./data/log',
  KEY_VALUE: 'file:./data/state',
  CHAIN: 'http://127.0.0.1:8545',
  LENS: `0x${'cd'.repeat(20)}`,
};

describe('the configuration of a channel node', () => {
  it('comes from the environment, with defaults, and keeps the secrets apart', () => {
    const { config, secrets } = readChannelNodeConfig({ ...environment, PORT: '9000' });
    const limits = { connectionsMax: 8_192 };
    const listen = { host: '0.0.0.0', port: 9_000, limits, shutdownMs: 8_000 };
    expect(config).toMatchObject({ account: `0x${'ab'.repeat(20)}`, listen, requestTimeoutMs: 10_000 });
    expect(config).toMatchObject({
      sweepIntervalMs: 1_000,
      heightIntervalMs: 15_000,
      impressionBytesMax: 2 ** 28,
    });
    expect(secrets.operatorKey).toEqual(new Uint8Array(32).fill(7));
    expect(JSON.stringify(config)).not.toContain('0707');
  });

  it('names what is wrong, and no value', () => {
    const wrong = { ...environment, OPERATOR_KEY: '0xsecret', RECORD_LOG: 'kafka://host', PORT: 'http' };
    const parse = () => readChannelNodeConfig(wrong);
    for (const name of ['OPERATOR_KEY', 'RECORD_LOG', 'PORT']) expect(parse).toThrow(name);
    expect(parse).not.toThrow('secret');
  });

  it('has a limit of exposure if it is told one, and warns unless it is told to refuse', () => {
    const limitOf = (more: object) => readChannelNodeConfig({ ...environment, ...more }).config.exposureLimit;
    expect(limitOf({})).toBeUndefined();
    expect(limitOf({ EXPOSURE_LIMIT_NANO: '5000000000' })).toEqual({ nano: 5_000_000_000n, act: 'warn' });
    const refusing = { EXPOSURE_LIMIT_NANO: '1', EXPOSURE_ACT: 'refuse' };
    expect(limitOf(refusing)).toEqual({ nano: 1n, act: 'refuse' });
    for (const wrong of ['0', '-1', '1.5', 'much', String(2n ** 64n)]) {
      expect(() => limitOf({ EXPOSURE_LIMIT_NANO: wrong })).toThrow('EXPOSURE_LIMIT_NANO');
    }
  });

  it('warns at the whole cover of a block unless it is told otherwise', () => {
    const limitOf = (more: object) => readChannelNodeConfig({ ...environment, ...more }).config.coverLimit;
    expect(limitOf({})).toEqual({ percent: 100, act: 'warn' });
    expect(limitOf({ COVER_PERCENT: '80', COVER_ACT: 'refuse' })).toEqual({ percent: 80, act: 'refuse' });
    for (const COVER_PERCENT of ['0', '101', '1.5']) {
      expect(() => limitOf({ COVER_PERCENT })).toThrow('COVER_PERCENT');
    }
  });

  it('lets no process of its own forget what it promised: its log and state are on disk', () => {
    for (const KEY_VALUE of ['memory:', 'lmdb:./data/state', './data/state']) {
      expect(() => readChannelNodeConfig({ ...environment, KEY_VALUE })).toThrow('KEY_VALUE: a URL of file:');
    }
    for (const name of ['KEY_VALUE', 'RECORD_LOG']) {
      const parse = () => readChannelNodeConfig({ ...environment, [name]: 'memory:' });
      expect(parse).toThrow(`${name}: a URL of file:, as what is in memory is lost when the service ends`);
    }
  });
});
