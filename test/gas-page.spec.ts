/** The page about gas says what the contracts take now; after a change of them `npm run gas` writes it anew. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const tool = join(import.meta.dirname, '../contracts/tools/gas.mjs');

it('says of each act what it takes now', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool, 'check'], { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
}, 300_000);
