import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { nodeFault, nodeLeast } from './run-on-node.js';

const root = join(import.meta.dirname, '../../..');

it('refuses a Node that is too old, and says which one is needed', () => {
  for (const version of ['18.20.8', '20.0.0', '20.14.0']) {
    expect(nodeFault(version)).toContain(`Node 20.15 or later is needed, and this is Node ${version}: `);
  }
  for (const version of ['20.15.0', '20.20.2', '22.0.0', '24.9.0'])
    expect(nodeFault(version)).toBeUndefined();
});

it('is the one of package.json and of the pages', () => {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const least = nodeLeast.join('.');
  expect((JSON.parse(read('package.json')) as { engines: unknown }).engines).toEqual({ node: `>=${least}` });
  for (const page of ['README.md', 'CONTRIBUTING.md', 'docs/tutorial/first-settlement.md']) {
    expect([page, read(page)]).toEqual([page, expect.stringContaining(`Node ${least} or later`)]);
  }
});
