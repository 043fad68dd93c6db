/** The interfaces that the product ships of its contracts: each entry once, and each function answered. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type FunctionFragment, Interface, type JsonFragment } from 'ethers';
import { builtFile } from '#environment/built-file';

/** Whose code answers calls that a contract hands on. */
const handsOnTo: Readonly<Record<string, string>> = { Blocks: 'BlockDisputes' };

const folder = dirname(builtFile('contracts/Vault.json'));
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));

function built(name: string): { readonly abi: readonly JsonFragment[]; readonly deployedBytecode: string } {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
}

describe.each(names)('the interface of %s', (name) => {
  const { abi, deployedBytecode } = built(name);

  it('has each entry once', () => {
    // The Interface of ethers takes only the first of a kind, and says nothing of the others.
    const signatures = abi.map((entry) => {
      const [fragment] = new Interface([entry]).fragments;
      return fragment.type === 'constructor' ? fragment.type : `${fragment.type} ${fragment.format()}`;
    });
    expect(signatures.filter((one, at) => signatures.indexOf(one) !== at)).toEqual([]);
  });

  it('has no function that nobody answers', () => {
    const answering = name in handsOnTo ? built(handsOnTo[name]).deployedBytecode : '';
    const unanswered = abi
      .filter(({ type }) => type === 'function')
      .map((entry) => new Interface([entry]).fragments[0] as FunctionFragment)
      // The compiler pushes a selector without the zeros before it.
      .filter(({ selector }) => !isIn(`${deployedBytecode} ${answering}`, selector.slice(2)));
    expect(unanswered.map((one) => one.format('sighash'))).toEqual([]);
  });
});

function isIn(code: string, selector: string): boolean {
  return code.includes(selector.replace(/^(00)+/, ''));
}
