/** Calls, answers and refusals of the contracts as the bytes of the Ethereum ABI; the only file that knows
 *  ethers. */
import { readFileSync } from 'node:fs';
import { type FunctionFragment, getCreateAddress, Interface, type ParamType, Transaction } from 'ethers';
import { signDigest } from '#crypto';
import { type Address, fromHex, type Hex, toHex } from '#encoding';
import { builtFile } from '#environment/built-file';
import type { RefusalCode } from './refusal-codes.js';

/** What a deployment has, each by the name of its contract. */
export const deployedContracts = [
  'RtbImpression1',
  'ReducerTable',
  'TermsRules',
  'ParticipantRegistry',
  'Channels',
  'Vault',
  'ValidatorRegistry',
  'ResultRules',
  'BlockDisputes',
  'Blocks',
  'Lens',
  'Adjudicator',
  'Questions',
  'Panel',
] as const;
export type DeployedContract = (typeof deployedContracts)[number];
/** Beside them what two of them make for themselves, and the token of tests. */
export type ContractName = DeployedContract | 'LeafRules' | 'SegmentRules' | 'TestToken';

export interface ContractRefusal {
  readonly code: RefusalCode;
  /** The error with its fields. */
  readonly message: string;
}

/** A chain transaction before it is signed. `to` is absent where it deploys a contract. */
export interface UnsignedTransaction {
  readonly chainId: number;
  readonly nonce: number;
  readonly to: Address | undefined;
  readonly data: Hex;
  readonly valueWei: bigint;
  readonly gasLimit: bigint;
  readonly maxFeePerGasWei: bigint;
  readonly maxPriorityFeePerGasWei: bigint;
}

interface BuiltContract {
  readonly face: Interface;
  /** Looking a function up by its name costs more than encoding a call of it. */
  readonly functions: Map<string, FunctionFragment>;
  readonly bytecode: Hex;
  /** Once it is deployed; zeros stand for what its constructor sets. */
  readonly deployedBytecode: Hex;
}

const built = new Map<ContractName, BuiltContract>();
const refusalContracts: readonly ContractName[] = [
  ...deployedContracts,
  'LeafRules',
  'SegmentRules',
  'TestToken',
];
/** Whose log tells what happened. */
export const eventContracts = [
  'Channels',
  'Vault',
  'Blocks',
  'ValidatorRegistry',
  'Adjudicator',
  'Questions',
  'Panel',
] as const satisfies readonly DeployedContract[];

export function encodeCall(contract: ContractName, name: string, values: readonly unknown[]): Hex {
  return contractOf(contract).face.encodeFunctionData(functionOf(contract, name), values) as Hex;
}

/** What `encodeCall` made, taken apart again. Throws for bytes that are no call of the contract. */
export function decodeCall(
  contract: ContractName,
  data: Hex,
): { readonly call: string; readonly fields: Readonly<Record<string, unknown>> } {
  const parsed = contractOf(contract).face.parseTransaction({ data });
  if (parsed === null) throw new Error(`no call of ${contract}: ${data.slice(0, 10)}`);
  const { inputs } = parsed.fragment;
  const fields = inputs.map((input, at) => [input.name, plain(input, parsed.args[at])]);
  return { call: parsed.name, fields: Object.fromEntries(fields) };
}

/** The answer as plain values: integers as bigint, tuples as objects by field, arrays as arrays, bytes as
 *  lower-case hex. One output stands alone, several are an object by name. */
export function decodeAnswer(contract: ContractName, name: string, data: Hex): unknown {
  const { face } = contractOf(contract);
  const called = functionOf(contract, name);
  const { outputs } = called;
  const values = face.decodeFunctionResult(called, data);
  if (outputs.length === 1) return plain(outputs[0], values[0]);
  return Object.fromEntries(outputs.map((output, at) => [output.name, plain(output, values[at])]));
}

/** The named error in what a call reverted with; undefined for bytes that are no error of our contracts. */
export function decodeRefusal(data: string): ContractRefusal | undefined {
  for (const contract of refusalContracts) {
    const error = contractOf(contract).face.parseError(data);
    if (error === null) continue;
    const fields = error.fragment.inputs.map((input, at) => `${input.name}: ${String(error.args[at])}`);
    return { code: kebab(error.name) as RefusalCode, message: `${error.name}(${fields.join(', ')})` };
  }
  return undefined;
}

/** The names of the errors of our contracts, in kebab-case. */
export function namesOfRefusals(of: readonly ContractName[] = refusalContracts): ReadonlySet<string> {
  const names = new Set<string>();
  for (const contract of of) {
    contractOf(contract).face.forEachError((error) => names.add(kebab(error.name)));
  }
  return names;
}

/** An event in a log entry; undefined for one that is none of ours. */
export function decodeEvent(
  topics: readonly Hex[],
  data: Hex,
): { readonly kind: string; readonly fields: Readonly<Record<string, unknown>> } | undefined {
  for (const contract of eventContracts) {
    const parsed = contractOf(contract).face.parseLog({ topics, data });
    if (parsed === null) continue;
    const fields = parsed.fragment.inputs.map((input, at) => [input.name, plain(input, parsed.args[at])]);
    return { kind: kebab(parsed.name), fields: Object.fromEntries(fields) };
  }
  return undefined;
}

/** The first topic of each event, by kebab-case name. */
export function eventTopics(): ReadonlyMap<string, Hex> {
  const topics = new Map<string, Hex>();
  for (const contract of eventContracts) {
    contractOf(contract).face.forEachEvent((event) => {
      topics.set(kebab(event.name), event.topicHash as Hex);
    });
  }
  return topics;
}

/** Creation code of the contract with its constructor's arguments. */
export function creationCode(contract: ContractName, values: readonly unknown[]): Hex {
  const { face, bytecode } = contractOf(contract);
  return `${bytecode}${face.encodeDeploy(values).slice(2)}` as Hex;
}

/** Whether the code at an address is the contract's, whatever its constructor was given. */
export function isCodeOf(contract: ContractName, code: Hex): boolean {
  const [found, own] = [fromHex(code), fromHex(contractOf(contract).deployedBytecode)];
  return found.length === own.length && own.every((byte, at) => byte === 0 || byte === found[at]);
}

/** Where the account's deployment with that nonce lies. */
export function createdAddress(from: Hex, nonce: number): Hex {
  return getCreateAddress({ from, nonce }).toLowerCase() as Hex;
}

/** EIP-1559 transaction, signed; `hash` names it on chain. */
export function signTransaction(
  transaction: UnsignedTransaction,
  privateKey: Uint8Array,
): { readonly raw: Hex; readonly hash: Hex } {
  const { valueWei, maxFeePerGasWei, maxPriorityFeePerGasWei, to, ...rest } = transaction;
  const signed = Transaction.from({
    ...rest,
    type: 2,
    to: to ?? null,
    value: valueWei,
    maxFeePerGas: maxFeePerGasWei,
    maxPriorityFeePerGas: maxPriorityFeePerGasWei,
  });
  signed.signature = toHex(signDigest(fromHex(signed.unsignedHash), privateKey));
  return { raw: signed.serialized as Hex, hash: signed.hash as Hex };
}

function contractOf(name: ContractName): BuiltContract {
  const known = built.get(name);
  if (known !== undefined) return known;
  const { abi, ...codes } = JSON.parse(readFileSync(builtFile(`contracts/${name}.json`), 'utf8'));
  const contract = { ...codes, face: new Interface(abi), functions: new Map<string, FunctionFragment>() };
  built.set(name, contract);
  return contract;
}

function functionOf(contract: ContractName, name: string): FunctionFragment {
  const { face, functions } = contractOf(contract);
  const found = functions.get(name) ?? face.getFunction(name);
  if (found === null) throw new Error(`${contract} has no function ${name}`);
  functions.set(name, found);
  return found;
}

function plain(type: ParamType, value: unknown): unknown {
  if (type.isArray()) return Array.from(value as Iterable<unknown>, (one) => plain(type.arrayChildren, one));
  if (type.isTuple()) {
    const fields = Array.from(value as Iterable<unknown>);
    return Object.fromEntries(type.components.map((field, at) => [field.name, plain(field, fields[at])]));
  }
  if (type.baseType === 'address' || type.baseType.startsWith('bytes')) return String(value).toLowerCase();
  return value;
}

function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();
}
