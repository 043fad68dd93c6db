/** Why there is nothing to say in a dispute, for people: what was found, and what to do instead. */
import { CommandRefused } from '../report/command-refused.js';

const look = 'papyrus dispute show says whose turn it is';
const words: Readonly<Record<string, string>> = {
  'same-tree': 'the result is what the parts reduce to: there is nothing to say against it',
  'other-tree': 'the result is not what the parts reduce to: nobody can answer for it',
  'other-parts':
    'the result counts other parts than the own computation: question the part in which they differ, and look whether --parts has them all (papyrus block verify)',
  'other-turn': `nobody waits for this side: ${look}`,
  'nothing-differs': 'nothing below what was named differs from the own tree: answer for the result instead',
  'record-nowhere': 'no part that counts has the doubted record: it has no place to show',
  'nothing-to-ask':
    'the part counts by the own computation, all results agree on it, or it was asked already: see the questions of papyrus dispute show',
  'nobody-asks': 'nobody asks about this row, or it is published: see the questions of papyrus dispute show',
  'not-published': 'nobody published the row, so there is nothing to disprove: its part is struck by time',
  'not-served': 'the part store has not the sealed bytes of the row: name one in --parts that has them',
  'decrypts-to-published': 'the sealed bytes decrypt to what was published: the row is good',
  'other-sealed-bytes': 'the part store has other bytes than the row says: name another in --parts',
  'nothing-to-appeal':
    'no panel about the part has a verdict that the own view of it contradicts, or the time to appeal is over',
  'nothing-is-over':
    'no turn, question or panel is over, and no bond of the account is to be had back: papyrus dispute show says until when each lasts',
  'no-seat': 'the validator sits in no panel about this part: papyrus validator panels shows where it does',
  'panel-time': 'the next step of the panel is not due yet',
  'part-unsure':
    'the part store could not be asked for all of the part: the same command goes on once it can',
  'commitment-of-another': 'what was committed in this round follows from another key or was chosen by hand',
  'has-spoken': 'the account stands for a result already: its validator or itself said so',
  'is-revealed': 'the own computation was revealed already: papyrus block accept stands for it',
  'pays-the-same': 'a result that stands pays exactly the same: papyrus block accept stands for one',
  'too-late': 'the time for own results is over',
  'other-parts-count': 'it is decided that other parts count than the own computation does',
  'own-seat': 'the validator of the own seat may still reveal: wait',
  'own-result-time': 'an own result is not due yet, as others may still reveal the same: wait',
  'part-decision': 'own results are taken again once it is decided which parts count: wait',
  processing: 'the block is not in processing yet: wait',
};

/** `reason` first, as scripts read it; `more` as when the time for it comes. */
export function nothingToSay(reason: string, more = ''): CommandRefused {
  const said = words[reason];
  return new CommandRefused('nothing-to-say', said === undefined ? reason : `${reason}: ${said}${more}`);
}
