/**
 * Whom a coordinator asks to validate a block, in which order and for which fee: validators that its
 * participant trusts, or a draw from the registry that anybody repeats.
 */
import { type BlockDraw, drawAt, drawHeightOf, type WatchedBlock } from '#block-watch';
import type { Chain } from '#chain';
import { type Address, decodeDagCbor, encodeDagCbor, type Hex } from '#encoding';
import { Fault, type Log } from '#environment';
import type { KeyValue } from '#key-value';
import { blockStart } from '#protocol';

export type ValidatorPolicy =
  /** Accounts that the participant trusts, first the one that is asked first. */
  | { readonly kind: 'own'; readonly validators: readonly [Address, ...Address[]] }
  /** Weighted by stake at the height of the block's first part, from that height's hash. */
  | { readonly kind: 'drawn' };

/** What a participant pays a validator for a result that stands; with own ones it has its own agreement. */
export interface FeePolicy {
  readonly offeredWei: bigint;
  /** The most that is paid to a drawn one that takes no less. */
  readonly mostWei: bigint;
}

/** Of a validator that was drawn; undefined for one that wants more than is paid. */
export function feeFor(policy: FeePolicy, leastFeeWei: bigint): bigint | undefined {
  const fee = leastFeeWei > policy.offeredWei ? leastFeeWei : policy.offeredWei;
  return fee > policy.mostWei ? undefined : fee;
}

export interface OrderOptions {
  /** The participant's account: it pays the fees, and its trust may bind it. */
  readonly account: Address;
  readonly validators: ValidatorPolicy;
  readonly fee: FeePolicy;
}

export interface ChosenValidator {
  readonly validator: Address;
  readonly feeWei: bigint;
  readonly encryptionKey: Hex;
}

/** Nobody is asked in vain so often in the time for commits. */
const placesMax = 32;

export interface OrderPorts {
  readonly chain: Chain;
  readonly keyValue: KeyValue;
  readonly log: Log;
}

export class ValidatorOrder {
  readonly #options: OrderOptions;
  readonly #prefix: string;
  readonly #ports: OrderPorts;
  /** Blocks of which was said that their draw cannot be made. */
  readonly #lost = new Set<string>();

  /** `prefix`: of the keys under which draws are kept. */
  constructor(options: OrderOptions, prefix: string, ports: OrderPorts) {
    this.#options = options;
    this.#prefix = prefix;
    this.#ports = ports;
  }

  /**
   * Nobody while the block has no part to draw by. A draw is made and kept as soon as there is one, since
   * nodes forget the state of a height; it is made anew where that height was rolled back.
   */
  async of(block: WatchedBlock): Promise<readonly Address[]> {
    const { validators } = this.#options;
    if (validators.kind === 'own') return validators.validators;
    const { stage } = block.stage;
    const height = drawHeightOf(block.facts);
    if (height === undefined || (stage !== 'collation' && stage !== 'processing')) return [];
    const kept = await this.#kept(block);
    const { chain } = this.#ports;
    if (kept?.height === height && kept.heightHash === (await chain.heightHash(height))) return kept.order;
    return (await this.#draw(block, height))?.order ?? kept?.order ?? [];
  }

  /** The first that is registered and takes what is paid; says why the others are passed over if none is. */
  async choose(asked: readonly Address[], said: object): Promise<ChosenValidator | undefined> {
    const { account, fee, validators } = this.#options;
    const feeOf = (least: bigint) => (validators.kind === 'own' ? fee.offeredWei : feeFor(fee, least));
    const latest = await this.#ports.chain.snapshot({ finality: 'latest' });
    const passed: { readonly validator: Address; readonly why: string }[] = [];
    for (const validator of asked) {
      const facts = await latest.validator(validator);
      const feeWei = facts && feeOf(facts.leastFeeWei);
      if (facts === undefined) passed.push({ validator, why: 'it is not registered on the base chain' });
      else if (feeWei === undefined) passed.push({ validator, why: `it takes ${facts.leastFeeWei} wei` });
      else if (feeWei > 0n && (await latest.weiAccount(account)).freeWei < feeWei) {
        passed.push({ validator, why: `${account} has no ${feeWei} wei in the Vault for its fee` });
      } else return { validator, feeWei, encryptionKey: facts.encryptionKey };
    }
    const words = 'there is nobody to delegate to';
    if (asked.length === 0) this.#ports.log.debug(said, words);
    else this.#ports.log.error({ ...said, mostWei: String(fee.mostWei), passed }, words);
    return undefined;
  }

  /** Only one of its own that the account named before the block's start may bind it. */
  async binds({ terms, blockNumber }: WatchedBlock, validator: Address): Promise<boolean> {
    const { account, validators } = this.#options;
    if (validators.kind !== 'own') return false;
    const latest = await this.#ports.chain.snapshot({ finality: 'latest' });
    const since = await latest.ownValidatorSince(account, validator);
    return since !== undefined && since < blockStart(terms, blockNumber);
  }

  async #draw(block: WatchedBlock, height: number): Promise<BlockDraw | undefined> {
    const { channelId, blockNumber, participant } = block;
    const { chain, keyValue, log } = this.#ports;
    const said = { channelId, blockNumber, height };
    try {
      const drawn = await drawAt(chain, height, { channelId, blockNumber }, participant as number);
      const draw = { ...drawn, order: drawn.order.slice(0, placesMax) };
      await keyValue.write([{ key: this.#key(block), value: encodeDagCbor(draw) }]);
      log.info({ ...said, heightHash: draw.heightHash, order: draw.order.slice(0, 3) }, 'drew validators');
      return draw;
    } catch (cause) {
      if (!(cause instanceof Fault && cause.code === 'chain-snapshot-gone')) throw cause;
      const id = this.#key(block);
      if (!this.#lost.has(id)) {
        log.error(
          said,
          'the node has no state of the height by which validators are drawn: use one that has',
        );
      }
      this.#lost.add(id);
      return undefined;
    }
  }

  async #kept(block: WatchedBlock): Promise<BlockDraw | undefined> {
    const kept = await this.#ports.keyValue.get(this.#key(block));
    return kept && (decodeDagCbor(kept.value) as BlockDraw);
  }

  #key({ channelId, blockNumber }: WatchedBlock): string {
    return `${this.#prefix}${channelId}/${blockNumber}`;
  }
}
