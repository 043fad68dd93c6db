/** Tokens and swaps between two anvils: each step of docs/how-to/move-and-swap.md, signed by the protocol's own structs. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getAddress, Interface, Result, Wallet } from 'ethers';
import { type AnvilProcess, startAnvil } from '#chain/anvil-process';
import { createdAddress } from '#chain/contract-codec';
import { JsonRpc, JsonRpcRefused } from '#chain/json-rpc';
import { addressOf, keccak256, sha256, signDigest } from '#crypto';
import { type Address, fromHex, type Hex, toHex, utf8 } from '#encoding';
import { builtFile } from '#environment/built-file';
import {
  domainSeparator,
  type PegSource,
  type PegTransfer,
  pegBurnDigest,
  pegLockDigest,
  pegTokenDigest,
} from '#protocol';

const genesis = 1_700_000_000;
const coins = toHex(Uint8Array.of(0x10, ...new Uint8Array(8)));
const nobody: Address = toHex(new Uint8Array(20));

const keyOf = (name: string): Uint8Array => keccak256(utf8(name));
const keys = { deployer: keyOf('deployer'), ann: keyOf('ann'), bob: keyOf('bob') };
const ann = addressOf(keys.ann);
const bob = addressOf(keys.bob);
const attesterKeys = ['a', 'b', 'c', 'd', 'e']
  .map(keyOf)
  .sort((one, other) => (addressOf(one) < addressOf(other) ? -1 : 1));
const attesters = attesterKeys.map(addressOf);
const threshold = 3;

interface Log {
  readonly address: Hex;
  readonly topics: readonly Hex[];
  readonly data: Hex;
  readonly logIndex: Hex;
  readonly transactionHash: Hex;
}
interface Receipt {
  readonly status: Hex;
  readonly contractAddress: Address | null;
  readonly logs: readonly Log[];
}
interface Built {
  readonly face: Interface;
  readonly bytecode: Hex;
}

function built(name: string): Built {
  const { abi, bytecode } = JSON.parse(readFileSync(builtFile(`contracts/${name}.json`), 'utf8'));
  return { face: new Interface(abi), bytecode };
}

const contracts = {
  Peg: built('Peg'),
  PeggedToken: built('PeggedToken'),
  HashedTimelock: built('HashedTimelock'),
  TestToken: built('TestToken'),
};
type Name = keyof typeof contracts;

/** One of the two chains, which mines when it is told. */
class Side {
  readonly #anvil: AnvilProcess;
  readonly #rpc: JsonRpc;
  readonly chainId: number;

  private constructor(anvil: AnvilProcess, chainId: number) {
    this.#anvil = anvil;
    this.#rpc = new JsonRpc(anvil.url, 20_000);
    this.chainId = chainId;
  }

  static async start(chainId: number): Promise<Side> {
    const anvil = await startAnvil({ pidFile: undefined, chainId, genesisTimestampSeconds: genesis });
    const side = new Side(anvil, chainId);
    for (const key of Object.values(keys)) {
      await side.#rpc.call('anvil_setBalance', addressOf(key), coins);
    }
    return side;
  }

  async close(): Promise<void> {
    this.#rpc.close();
    await this.#anvil.close();
  }

  async deploy(name: Name, values: readonly unknown[]): Promise<Address> {
    const { face, bytecode } = contracts[name];
    const data = `${bytecode}${face.encodeDeploy(values).slice(2)}` as Hex;
    const { contractAddress } = await this.#post(keys.deployer, null, data, 0n);
    return contractAddress?.toLowerCase() as Address;
  }

  /** Where the deployer's next contract will be. */
  async nextDeployment(): Promise<Address> {
    return createdAddress(addressOf(keys.deployer), await this.#nonceOf(keys.deployer));
  }

  /** The act's logs of that contract by name, with the place of each. */
  async act(key: Uint8Array, name: Name, to: Address, call: readonly [string, ...unknown[]], wei = 0n) {
    const { face } = contracts[name];
    const [act, ...values] = call;
    const { logs } = await this.#post(key, to, face.encodeFunctionData(act, values) as Hex, wei);
    return logs
      .filter(({ address }) => address.toLowerCase() === to)
      .map(({ topics, data, logIndex, transactionHash }) => {
        const parsed = face.parseLog({ topics, data });
        const fields = parsed?.args.toObject() ?? {};
        return { event: parsed?.name, fields, logIndex: BigInt(logIndex), transactionHash };
      });
  }

  async view(name: Name, to: Address, act: string, ...values: readonly unknown[]): Promise<unknown> {
    const { face } = contracts[name];
    const data = face.encodeFunctionData(act, values);
    const answer = await this.#rpc.call<Hex>('eth_call', { to, data }, 'latest');
    const [found] = face.decodeFunctionResult(act, answer);
    return found instanceof Result ? found.toObject() : found;
  }

  /** The name of the error with which the contract would refuse. */
  async refusal(from: Address, name: Name, to: Address, act: string, ...values: readonly unknown[]) {
    const { face } = contracts[name];
    const data = face.encodeFunctionData(act, values);
    const refused = await this.#rpc.call('eth_call', { from, to, data }, 'latest').then(
      () => undefined,
      (cause) => cause as JsonRpcRefused,
    );
    expect(refused).toBeInstanceOf(JsonRpcRefused);
    return face.parseError(String(refused?.data))?.name;
  }

  /** Mines a height of that second. */
  async advanceTo(seconds: number): Promise<void> {
    await this.#rpc.call('evm_setNextBlockTimestamp', seconds);
    await this.#rpc.call('evm_mine');
  }

  async #post(key: Uint8Array, to: Address | null, data: Hex, value: bigint): Promise<Receipt> {
    const nonce = await this.#nonceOf(key);
    const raw = await new Wallet(toHex(key)).signTransaction({
      ...{ chainId: this.chainId, nonce, to, data, value, type: 2, gasLimit: 10_000_000n },
      ...{ maxFeePerGas: 0n, maxPriorityFeePerGas: 0n },
    });
    const hash = await this.#rpc.call<Hex>('eth_sendRawTransaction', raw);
    await this.#rpc.call('evm_mine');
    const receipt = await this.#rpc.call<Receipt>('eth_getTransactionReceipt', hash);
    expect([data.slice(0, 10), receipt.status]).toEqual([data.slice(0, 10), '0x1']);
    return receipt;
  }

  async #nonceOf(key: Uint8Array): Promise<number> {
    return Number(await this.#rpc.call<Hex>('eth_getTransactionCount', addressOf(key), 'latest'));
  }
}

/** By the first three attesters, ascending. */
function attested(digest: Uint8Array, count = threshold) {
  return attesterKeys
    .slice(0, count)
    .map((key, at) => ({ attester: attesters[at], signature: toHex(signDigest(digest, key)) }));
}

/** The lock or burn that an attester reads in an event of the source Peg. */
function transferIn(log: Awaited<ReturnType<Side['act']>>[number]): PegTransfer {
  const { token, amount, recipient } = log.fields as {
    readonly token: Address;
    readonly amount: bigint;
    readonly recipient: Address;
  };
  return { transactionHash: log.transactionHash, logIndex: log.logIndex, token, amount, recipient };
}

describe('two chains', () => {
  let open: Side;
  let base: Side;
  let token: Address;
  beforeAll(async () => {
    open = await Side.start(1_001);
    base = await Side.start(2_002);
    token = await open.deploy('TestToken', ['Dollar', 'USD', 6]);
    await open.act(keys.deployer, 'TestToken', token, ['mint', ann, 1_000n]);
  });
  afterAll(async () => {
    await open?.close();
    await base?.close();
  });

  it('carry a token over by lock and mint, and back by burn and unlock', async () => {
    // The same account deploys both next, so the first can be told where the second will be.
    const foretold = await base.nextDeployment();
    const openPeg = await open.deploy('Peg', [base.chainId, foretold, attesters, threshold]);
    const basePeg = await base.deploy('Peg', [open.chainId, openPeg, attesters, threshold]);
    expect(basePeg).toBe(foretold);
    const fromOpen: PegSource = { sourceChain: BigInt(open.chainId), sourceContract: openPeg };
    const fromBase: PegSource = { sourceChain: BigInt(base.chainId), sourceContract: basePeg };
    const atBase = domainSeparator({ chainId: base.chainId, verifyingContract: basePeg });
    const atOpen = domainSeparator({ chainId: open.chainId, verifyingContract: openPeg });

    const identity = { token, name: 'Dollar', symbol: 'USD', decimals: 6 };
    const byAll = attested(pegTokenDigest(atBase, fromOpen, identity));
    await base.act(keys.bob, 'Peg', basePeg, ['introduce', identity, byAll]);
    const pegged = String(await base.view('Peg', basePeg, 'peggedOf', token)).toLowerCase() as Address;
    expect(await base.view('PeggedToken', pegged, 'symbol')).toBe('USD');
    expect(await base.view('PeggedToken', pegged, 'decimals')).toBe(6n);
    expect(await base.view('PeggedToken', pegged, 'sourceChain')).toBe(BigInt(open.chainId));

    await open.act(keys.ann, 'TestToken', token, ['approve', openPeg, 1_000n]);
    const [locked] = await open.act(keys.ann, 'Peg', openPeg, ['lock', token, 400n, bob]);
    expect(locked.event).toBe('Locked');
    const there = transferIn(locked);
    expect(there).toMatchObject({ amount: 400n });
    const lockDigest = pegLockDigest(atBase, fromOpen, there);
    expect(await base.view('Peg', basePeg, 'lockDigest', there)).toBe(toHex(lockDigest));
    const two = attested(lockDigest, 2);
    expect(await base.refusal(bob, 'Peg', basePeg, 'mint', there, two)).toBe('TooFewAttestations');
    const asBurn = attested(pegBurnDigest(atBase, fromOpen, there));
    expect(await base.refusal(bob, 'Peg', basePeg, 'mint', there, asBurn)).toBe('AttestationRefused');
    const [minted] = await base.act(keys.ann, 'Peg', basePeg, ['mint', there, attested(lockDigest)]);
    expect(minted).toMatchObject({ event: 'Minted', fields: { logIndex: there.logIndex, amount: 400n } });
    const again = attested(lockDigest, 5);
    expect(await base.refusal(bob, 'Peg', basePeg, 'mint', there, again)).toBe('TransferAlreadyDone');
    expect(await base.view('PeggedToken', pegged, 'balanceOf', bob)).toBe(400n);

    const [burnt] = await base.act(keys.bob, 'Peg', basePeg, ['burn', token, 150n, ann]);
    const back = transferIn(burnt);
    const unlockBy = attested(pegBurnDigest(atOpen, fromBase, back));
    expect(await open.refusal(bob, 'Peg', openPeg, 'unlock', back, unlockBy, bob)).toBe('NotRecipient');
    const [unlocked] = await open.act(keys.bob, 'Peg', openPeg, ['unlock', back, unlockBy, ann]);
    expect(unlocked).toMatchObject({ event: 'Unlocked', fields: { amount: 150n } });

    const supply = await base.view('PeggedToken', pegged, 'totalSupply');
    expect(supply).toBe(250n);
    expect(await open.view('Peg', openPeg, 'locked', token)).toBe(supply);
    expect(await open.view('TestToken', token, 'balanceOf', openPeg)).toBe(supply);
    expect(await open.view('TestToken', token, 'balanceOf', ann)).toBe(750n);
  });

  it('swap tokens for coins, the second lock half as long as the first', async () => {
    const first = await open.deploy('HashedTimelock', []);
    const second = await base.deploy('HashedTimelock', []);
    const margin = 3_600;
    const start = genesis + 100_000;
    await open.advanceTo(start);
    await base.advanceTo(start);
    const preimage = keyOf('a preimage of 32 random bytes');
    const hashlock = toHex(sha256(preimage));
    await open.act(keys.ann, 'TestToken', token, ['approve', first, 40n]);
    const hers = ['open', bob, hashlock, start + 4 * margin, token, 40n] as const;
    const [opened] = await open.act(keys.ann, 'HashedTimelock', first, hers);
    const seen = await open.view('HashedTimelock', first, 'timelock', opened.fields.id);
    expect(seen).toMatchObject({ receiver: getAddress(bob), amount: 40n, hashlock });
    const his = ['open', ann, hashlock, start + 2 * margin, nobody, 70n] as const;
    const [answered] = await base.act(keys.bob, 'HashedTimelock', second, his, 70n);

    const claim = [answered.fields.id, toHex(preimage)] as const;
    await base.advanceTo(start + margin);
    await base.act(keys.ann, 'HashedTimelock', second, ['claim', ...claim]);
    const shown = await base.view('HashedTimelock', second, 'timelock', answered.fields.id);
    const learnt = (shown as { readonly preimage: Hex }).preimage;
    expect(fromHex(learnt)).toEqual(preimage);
    await open.advanceTo(start + 3 * margin);
    const early = await open.refusal(ann, 'HashedTimelock', first, 'refund', opened.fields.id);
    expect(early).toBe('DeadlineNotReached');
    await open.act(keys.bob, 'HashedTimelock', first, ['claim', opened.fields.id, learnt]);

    await open.act(keys.bob, 'HashedTimelock', first, ['withdraw', token, bob, 40n]);
    const [paid] = await base.act(keys.ann, 'HashedTimelock', second, ['withdraw', nobody, ann, 70n]);
    expect(paid).toMatchObject({ event: 'Withdrawn', fields: { amount: 70n } });
    expect(await open.view('TestToken', token, 'balanceOf', bob)).toBe(40n);
    await open.advanceTo(start + 4 * margin);
    const late = await open.refusal(ann, 'HashedTimelock', first, 'refund', opened.fields.id);
    expect(late).toBe('TimelockOver');
  });

  it('give both their own back when a swap is broken off', async () => {
    const first = await open.deploy('HashedTimelock', []);
    const second = await base.deploy('HashedTimelock', []);
    const start = genesis + 200_000;
    await open.advanceTo(start);
    await base.advanceTo(start);
    const hashlock = toHex(sha256(keyOf('never shown')));
    const hers = ['open', bob, hashlock, start + 4_000, nobody, 40n] as const;
    const his = ['open', ann, hashlock, start + 2_000, nobody, 70n] as const;
    const [opened] = await open.act(keys.ann, 'HashedTimelock', first, hers, 40n);
    const [answered] = await base.act(keys.bob, 'HashedTimelock', second, his, 70n);
    await open.advanceTo(start + 4_000);
    await base.advanceTo(start + 2_000);
    await open.act(keys.bob, 'HashedTimelock', first, ['refund', opened.fields.id]);
    await base.act(keys.bob, 'HashedTimelock', second, ['refund', answered.fields.id]);
    expect(await open.view('HashedTimelock', first, 'balanceOf', nobody, ann)).toBe(40n);
    expect(await base.view('HashedTimelock', second, 'balanceOf', nobody, bob)).toBe(70n);
  });
});
