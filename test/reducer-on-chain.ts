/**
 * The product's reducer against the contract's, impression by impression: what is kept, what it pays, and which
 * parameters open a channel.
 */
import fc from 'fast-check';
import { type AnvilProcess, startAnvil } from '#chain/anvil-process';
import { createdAddress, creationCode, decodeAnswer, encodeCall } from '#chain/contract-codec';
import { developmentAccount } from '#chain/deployment';
import { JsonRpc, JsonRpcRefused } from '#chain/json-rpc';
import { merkleRoot, sha256 } from '#crypto';
import { concatBytes, equalBytes, type Hex, toHex, u64BigEndian } from '#encoding';
import { amountWords } from '#protocol';
import { decodeParameters, type ExplainedImpression, explainImpressions } from '#reduction';
import { type Scenario, scenarioArbitrary } from './reference/arbitraries.js';
import { flag, type ReferenceRecord, readRecord } from './reference/record.js';
import { keptOf } from './reference/reduce-impression.js';
import { encodeParameters } from './reference/typed-data.js';
import { unsignedPart } from './unsigned-part.js';

type Call = readonly [name: string, ...values: unknown[]];

const place = createdAddress(developmentAccount, 0);
const priceNanoMax = 2n ** 64n - 1n;
/** Of each group so many records that are kept, and as many that are not, are looked at one by one. */
const oneByOneMax = 2;

/** The contract on a chain of its own. */
export class ReducerOnChain {
  readonly #rpc: JsonRpc;
  readonly #anvil: AnvilProcess;
  calls = 0;

  private constructor(anvil: AnvilProcess) {
    this.#anvil = anvil;
    this.#rpc = new JsonRpc(anvil.url, 60_000);
  }

  static async start(): Promise<ReducerOnChain> {
    const options = { pidFile: undefined, chainId: 31_337, genesisTimestampSeconds: 1_700_000_000 };
    const chain = new ReducerOnChain(await startAnvil(options));
    try {
      await chain.#deploy();
      return chain;
    } catch (cause) {
      await chain.close();
      throw cause;
    }
  }

  async #deploy(): Promise<void> {
    const creation = { from: developmentAccount, data: creationCode('RtbImpression1', []) };
    const fees = { maxFeePerGas: '0x77359400', maxPriorityFeePerGas: '0x0' };
    await this.#rpc.call('eth_sendTransaction', { ...creation, ...fees, gas: '0x1000000' });
    await this.#rpc.call('evm_mine');
  }

  async close(): Promise<void> {
    this.#rpc.close();
    await this.#anvil.close();
  }

  /** The answer to each call: true where it gives nothing, undefined where it is refused. */
  answers(calls: readonly Call[]): Promise<unknown[]> {
    this.calls += calls.length;
    return Promise.all(calls.map((call) => this.#answer(call)));
  }

  async #answer([name, ...values]: Call): Promise<unknown> {
    const data = encodeCall('RtbImpression1', name, values);
    try {
      const answer = await this.#rpc.call<Hex>('eth_call', { to: place, data }, 'latest');
      return answer === '0x' || decodeAnswer('RtbImpression1', name, answer);
    } catch (cause) {
      if (cause instanceof JsonRpcRefused && cause.message.includes('revert')) return undefined;
      throw cause;
    }
  }
}

/** What was compared, for whoever asks whether it was worth anything. */
export class Compared {
  groups = 0;
  records = 0;
  kept = 0;
  parametersRefused = 0;
  readonly reasons: Record<string, number> = {};

  note(group: Group): void {
    this.groups += 1;
    this.records += group.all.length;
    this.kept += group.kept.length;
    for (const { reason } of group.product.outcomes) this.reasons[reason] = (this.reasons[reason] ?? 0) + 1;
  }
}

interface Group {
  readonly product: ExplainedImpression;
  /** Distinct and without tests, in group order. */
  readonly all: readonly ReferenceRecord[];
  readonly kept: readonly ReferenceRecord[];
}

interface Question {
  readonly call: Call;
  readonly what: string;
  readonly expected: unknown;
}

/** Compares random impressions until there were `groups` of them; throws at the first difference. */
export async function compareReducers(chain: ReducerOnChain, groups: number): Promise<Compared> {
  const compared = new Compared();
  const drawn = fc.tuple(scenarioArbitrary, fc.nat(), fc.integer({ min: 1, max: 255 }));
  const property = fc.asyncProperty(drawn, async ([scenario, at, flip]) => {
    const found = groupsOf(scenario);
    const questions = found.flatMap((group) => questionsOf(scenario, group));
    questions.push(...parametersQuestions(scenario, at, flip));
    const answers = await chain.answers(questions.map(({ call }) => call));
    for (const [place, { what, expected }] of questions.entries()) {
      const answer = answers[place];
      if (plain(answer) !== plain(expected))
        throw new Error(`${what}: ${plain(answer)}, not ${plain(expected)}`);
    }
    for (const group of found) compared.note(group);
    if (questions[questions.length - 1].expected === undefined) compared.parametersRefused += 1;
  });
  while (compared.groups < groups) await fc.assert(property, { numRuns: 100 });
  return compared;
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}` : one)) ?? 'refused';
}

function groupsOf({ roles, parameters, records }: Scenario): Group[] {
  const terms = { roles, reducer: 'rtb-impression/1', parameters: encodeParameters(parameters) };
  const explained = [...explainImpressions(terms, [{ participant: 0, plaintext: unsignedPart(records) }])];
  const distinct = [...new Map(records.map(readRecord).map((one) => [toHex(one.hash), one])).values()];
  const ordered = distinct
    .filter((one) => (one.flags & flag.test) === 0)
    .sort((a, b) => a.kind - b.kind || a.author - b.author || Buffer.compare(a.hash, b.hash));
  return explained.map((product) => {
    const key = toHex(product.impressionKey);
    const all = ordered.filter((one) => one.impressionKey === key);
    return { product, all, kept: keptOf(all) };
  });
}

/** What the contract must answer, if the product is right about the group. */
function questionsOf({ roles, parameters }: Scenario, { product, all, kept }: Group): Question[] {
  const joined = (some: readonly ReferenceRecord[]): Hex =>
    toHex(concatBytes(...some.map(({ bytes }) => bytes)));
  const records = joined(kept);
  const isLeaf = equalBytes(product.leaf, leafOf(product, kept));
  const left = all.filter((one) => !kept.includes(one));
  const wouldChange = (some: Hex, one: ReferenceRecord, expected: boolean): Question => ({
    call: ['wouldChange', roles, priceNanoMax, some, toHex(one.bytes)],
    what: expected ? 'a kept record is missed' : 'a record that is not kept is not missed',
    expected,
  });
  return [
    {
      call: ['reduce', roles, encodeParameters(parameters), records],
      what: 'amounts',
      expected: isLeaf ? product.amounts : 'a leaf of the kept records',
    },
    { call: ['isKept', roles, priceNanoMax, records], what: 'what is kept is kept', expected: true },
    {
      call: ['isKept', roles, priceNanoMax, joined(all)],
      what: 'keeping all',
      expected: left.length === 0,
    },
    ...kept.slice(0, oneByOneMax).map((one) => {
      return wouldChange(joined(kept.filter((other) => other !== one)), one, true);
    }),
    ...left.slice(0, oneByOneMax).map((one) => wouldChange(records, one, false)),
  ];
}

/** wire-formats.md 7: so the product has kept these records and found these amounts. */
function leafOf(
  { impressionKey, amounts }: ExplainedImpression,
  kept: readonly ReferenceRecord[],
): Uint8Array {
  const groupRoot = merkleRoot(concatBytes(...kept.map(({ hash }) => hash)));
  const content = sha256(
    concatBytes(impressionKey, u64BigEndian(BigInt(kept.length)), new Uint8Array(8), groupRoot),
  );
  return sha256(concatBytes(content, merkleRoot(concatBytes(...amountWords(amounts)))));
}

/** The parameters as they are, and with a byte altered: both take them, or neither. */
function parametersQuestions({ roles, parameters }: Scenario, at: number, flip: number): Question[] {
  const encoded = encodeParameters(parameters);
  const altered = encoded.slice();
  altered[at % altered.length] ^= flip;
  return [encoded, altered].map((bytes) => ({
    call: ['checkParameters', roles, bytes],
    what: `parameters ${toHex(bytes)}`,
    expected: decodeParameters(bytes, roles).ok || undefined,
  }));
}
