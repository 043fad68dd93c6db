/** Tries acts on the chain as it is and posts none: what a dry run of a command shows. */
import type { Address, Hex } from '#encoding';
import type { ChainOutcome } from './chain-outcome.js';
import type { ActPoster, ChainAct } from './chain-actor.js';
import { decodeCall } from './contract-codec.js';
import type { ContractAddresses } from './contract-views.js';
import { latestHeight } from './finality.js';
import { JsonRpcRefused, type RpcCalls, unavailable } from './json-rpc.js';
import { refusalOf } from './refusal-of.js';
import { hexOf } from './transaction-poster.js';

export interface RehearsedAct {
  readonly from: Address;
  readonly to: Address;
  /** `Token` where it is no contract of ours. */
  readonly contract: string;
  readonly call: string;
  /** By the names of the call's parameters; structs are objects. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly valueWei: bigint;
  /** Estimated; absent where the act rests on one before it, which was not posted. */
  readonly gas?: bigint;
}

export class RehearsingPoster implements ActPoster {
  readonly address: Address;
  readonly #rpc: RpcCalls;
  readonly #contracts: ContractAddresses;
  readonly #tell: (act: RehearsedAct) => void;
  #hasActed = false;

  constructor(
    address: Address,
    ports: { readonly rpc: RpcCalls; readonly contracts: ContractAddresses },
    tell: (act: RehearsedAct) => void,
  ) {
    this.address = address;
    this.#rpc = ports.rpc;
    this.#contracts = ports.contracts;
    this.#tell = tell;
  }

  /** The first act is estimated, and refused as it would be; what follows one is shown only. */
  async post(act: ChainAct): Promise<ChainOutcome> {
    const shown = this.#shown(act);
    const { height, timestampSeconds } = await latestHeight(this.#rpc);
    if (this.#hasActed) {
      this.#tell(shown);
      return { ok: true, height, timestampSeconds, gasUsed: 0n };
    }
    try {
      const call = { from: this.address, to: act.to, data: act.data, value: hexOf(act.valueWei) };
      const gas = BigInt(await this.#rpc.call<Hex>('eth_estimateGas', call, 'latest'));
      this.#hasActed = true;
      this.#tell({ ...shown, gas });
      return { ok: true, height, timestampSeconds, gasUsed: gas };
    } catch (cause) {
      const refusal = refusalOf(cause);
      if (refusal !== undefined) return { ok: false, ...refusal };
      if (cause instanceof JsonRpcRefused) throw unavailable(cause.message, cause);
      throw cause;
    }
  }

  #shown({ to, data, valueWei }: ChainAct): RehearsedAct {
    if (to === undefined) throw new Error('a deployment has no dry run');
    const names = Object.keys(this.#contracts) as (keyof ContractAddresses)[];
    const contract = names.find((name) => this.#contracts[name].toLowerCase() === to.toLowerCase());
    const { call, fields } = decodeCall(contract ?? 'TestToken', data);
    return { from: this.address, to, contract: contract ?? 'Token', call, fields, valueWei };
  }
}
