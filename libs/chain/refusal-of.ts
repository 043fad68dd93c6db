/** From what a node answered to a call or an estimate to the contract's named no. */
import { type ContractRefusal, decodeRefusal } from './contract-codec.js';
import { JsonRpcRefused } from './json-rpc.js';

/** The contract's refusal; `reverted` for a revert that names no error of ours; undefined for anything but
 *  a revert. */
export function refusalOf(cause: unknown): ContractRefusal | undefined {
  if (!(cause instanceof JsonRpcRefused)) return undefined;
  const data = revertData(cause.data);
  const named = data === undefined ? undefined : decodeRefusal(data);
  if (named !== undefined) return named;
  const isRevert = cause.code === executionReverted || /revert/i.test(cause.message);
  if (isRevert) return { code: 'reverted', message: cause.message };
  if (/insufficient funds/i.test(cause.message))
    return { code: 'insufficient-funds', message: cause.message };
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
