import { describe, expect, it } from '@jest/globals';
import { refuse } from '#api';
import { Fault, silentLog } from '#environment';
import type { ValidationRequest } from '#protocol';
import { startValidatorApp } from './validator.app.js';
import type { Validator } from './validator.js';

const request = {
  channelId: `0x${'01'.repeat(32)}`,
  blockNumber: 3,
  participant: 1,
  validator: `0x${'AB'.repeat(20)}`,
  binding: true,
  keyCommitment: `0x${'02'.repeat(32)}`,
  feeWei: '79228162514264337593543950335',
  nonce: '18446744073709551615',
  notAfter: '12',
  signature: `0x${'03'.repeat(65)}`,
  sealedBlockKey: `0x${'04'.repeat(136)}`,
  keyPath: [`0x${'05'.repeat(32)}`],
};

/** Posts the body to a validator that answers as `accept` does. */
async function post(body: string, accept: (request: ValidationRequest) => ReturnType<Validator['accept']>) {
  const validator = { accept };
  const app = await startValidatorApp(validator as unknown as Validator, {
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
  });
  try {
    const response = await fetch(`${app.url}/v1/validation-requests`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  } finally {
    await app.close();
  }
}

describe('the validator over HTTP', () => {
  it('answers 202 with the nonce for a request that it accepts, parsed to the last unit', async () => {
    let seen: ValidationRequest | undefined;
    const answer = await post(JSON.stringify(request), async (given) => {
      seen = given;
      return { ok: true, nonce: given.delegation.nonce };
    });
    expect(answer).toEqual({ status: 202, body: { accepted: true, nonce: '18446744073709551615' } });
    expect(seen?.delegation).toMatchObject({
      feeWei: (1n << 96n) - 1n,
      nonce: 18446744073709551615n,
      validator: `0x${'ab'.repeat(20)}`,
    });
    expect(seen?.keyPath).toEqual(request.keyPath);
  });

  it('answers a refusal as a problem with its code, a fault with 503, and nonsense with 400', async () => {
    const refused = await post(JSON.stringify(request), async () => refuse('seat-taken', 'taken'));
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'seat-taken', detail: expect.stringContaining('taken') },
    });
    const away = await post(JSON.stringify(request), async () => {
      throw new Fault('key-value-unavailable', 'away', { retriable: true });
    });
    expect(away).toMatchObject({ status: 503, body: { code: 'key-value-unavailable', retryable: true } });
    const never = async (): ReturnType<Validator['accept']> => {
      throw new Error('what does not parse is not passed on');
    };
    for (const body of ['{', '[]', JSON.stringify({ ...request, sealedBlockKey: '0x00' })]) {
      expect(await post(body, never)).toMatchObject({ status: 400, body: { code: 'not-parsable' } });
    }
  });
});
