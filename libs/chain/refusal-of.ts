/** From what a node answered to a call or an estimate to the contract's named no. */
import { decodeRefusal } from './contract-codec.js';
import { JsonRpcRefused } from './json-rpc.js';
import type { RefusalCode } from './refusal-codes.js';

export interface Refused {
  readonly code: RefusalCode;
  readonly message: string;
}

/** The contract's refusal; `reverted` for a revert that names no error of ours; undefined for anything but
 *  a no to this very act. */
export function refusalOf(cause: unknown): Refused | undefined {
  if (!(cause instanceof JsonRpcRefused)) return undefined;
  const data = revertData(cause.data);
  const named = data === undefined ? undefined : decodeRefusal(data);
  if (named !== undefined) return named;
  const { message } = cause;
  if (cause.code === executionReverted || /revert/i.test(message)) return { code: 'reverted', message };
  if (/insufficient funds/i.test(message)) return { code: 'operator-key-without-gas', message };
  return undefined;
}

/** The code by which nodes tell a revert from other refusals (geth and its followers). */
const executionReverted = 3;

/** Nodes put the revert's bytes into `data`, some one level deeper. */
function revertData(data: unknown): string | undefined {
  if (typeof data === 'string' && /^0x[0-9a-f]{8,}$/i.test(data)) return data;
  if (typeof data === 'object' && data !== null && 'data' in data) return revertData(data.data);
  return undefined;
}
