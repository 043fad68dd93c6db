import { describe, expect, it } from '@jest/globals';
import type { ChainOutcome } from '#chain';
import type { Log } from '#environment';
import { sumOf, toldAct } from './told-act.js';

function told(outcome: ChainOutcome) {
  const said: [string, unknown, string][] = [];
  const note = (level: string) => (fields: object, line: string) => void said.push([level, fields, line]);
  const log: Log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
  const act = toldAct(outcome, {
    log,
    fields: { blockNumber: 7 },
    done: 'did it',
    refused: 'did not',
    expected: ['already-settled'],
    alarming: ['part-already-posted'],
  });
  return { act, said };
}
const no = (code: string, message = ''): ChainOutcome => ({ ok: false, code, message }) as ChainOutcome;

describe('an act on the chain', () => {
  it('counts when it was taken, and when another was faster there is nothing left to do', () => {
    const taken = told({ ok: true, height: 1, timestampSeconds: 1, gasUsed: 5n });
    expect(taken).toEqual({ act: 1, said: [['info', { blockNumber: 7, gasUsed: '5' }, 'did it']] });
    expect(told(no('already-settled'))).toMatchObject({ act: 0, said: [['debug', {}, 'did not']] });
  });

  it('is tried again when it was refused: an operator hears of what only an operator can mend', () => {
    expect(told(no('reverted'))).toMatchObject({ act: 'again', said: [['warn', {}, 'did not']] });
    const why = '0x01 has 3 wei for gas, 40 are needed: send coins to it';
    const said = [['error', { blockNumber: 7, code: 'operator-key-without-gas', why }, 'did not']];
    expect(told(no('operator-key-without-gas', why))).toEqual({ act: 'again', said });
    expect(told(no('part-already-posted'))).toMatchObject({ act: 'again', said: [['error', {}, 'did not']] });
  });

  it('together with others of its block is tried again only when none of them was taken', () => {
    expect([sumOf([]), sumOf([0, 0]), sumOf([1, 2])]).toEqual([0, 0, 3]);
    expect([sumOf(['again', 0]), sumOf(['again', 2])]).toEqual(['again', 2]);
  });
});
