import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import {
  adapterField,
  parseEnvironment,
  participantFields,
  serviceConfigOf,
  serviceFields,
} from './service-environment.js';

const schema = z.object({
  ...serviceFields,
  ...participantFields,
  KEY_VALUE: adapterField(['file', 'etcd']),
});
const whole = {
  CHAIN: 'http://127.0.0.1:8545',
  LENS: `0x${'AB'.repeat(20)}`,
  ACCOUNT: `0x${'cd'.repeat(20)}`,
  OPERATOR_KEY: `0x${'11'.repeat(32)}`,
  KEY_VALUE: 'file:./data/state',
  PATH: '/bin',
};

describe('the environment of a service', () => {
  it('becomes a configuration with defaults, addresses in lower case and keys as bytes', () => {
    const parsed = parseEnvironment(schema, whole);
    expect(serviceConfigOf(parsed)).toEqual({
      chain: {
        url: whole.CHAIN,
        lens: `0x${'ab'.repeat(20)}`,
        pollIntervalMs: 1_000,
        finality: 'tags',
      },
      logLevel: 'info',
    });
    const confirmed = serviceConfigOf(parseEnvironment(schema, { ...whole, CHAIN_CONFIRMATIONS: '12' }));
    expect(confirmed.chain.finality).toEqual({ confirmations: 12 });
    // Zero is a number of heights, and not the same as none: what was mined counts at once.
    const at0 = serviceConfigOf(parseEnvironment(schema, { ...whole, CHAIN_CONFIRMATIONS: '0' }));
    expect(at0.chain.finality).toEqual({ confirmations: 0 });
    expect(parsed.OPERATOR_KEY).toEqual(new Uint8Array(32).fill(0x11));
    expect(parsed.KEY_VALUE).toBe('file:./data/state');
  });

  it('takes what is set to nothing as not set, as containers pass on what they were not given', () => {
    const parsed = parseEnvironment(schema, { ...whole, CHAIN_CONFIRMATIONS: '', LOG_LEVEL: '' });
    expect(serviceConfigOf(parsed)).toMatchObject({ logLevel: 'info', chain: { finality: 'tags' } });
    expect(() => parseEnvironment(schema, { ...whole, KEY_VALUE: '' })).toThrow(/KEY_VALUE: is not set/);
  });

  it('is refused with the names of what is missing or wrong, and without what was in a secret', () => {
    const wrong = { ...whole, CHAIN: undefined, OPERATOR_KEY: '0x1234', KEY_VALUE: 'redis://host' };
    const read = () => parseEnvironment(schema, wrong);
    expect(read).toThrow(/CHAIN: is not set/);
    expect(read).toThrow(/OPERATOR_KEY: 32 bytes/);
    expect(read).toThrow(/KEY_VALUE: a URL of file: or etcd:/);
    expect(read).not.toThrow(/1234/);
  });
});
