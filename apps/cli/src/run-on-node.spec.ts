import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { nodeFault, nodeLeast } from './run-on-node.js';

const root = join(import.meta.dirname, '../../..');

it('refuses a Node that is too old, and says which one is needed', () => {
  for (const version of ['18.20.8', '20.20.2', '22.11.0']) {
    expect(nodeFault(version)).toContain(`Node 22.12 or later is needed, and this is Node ${version}: `);
  }
  for (const version of ['22.12.0', '23.0.0', '24.9.0']) expect(nodeFault(version)).toBeUndefined();
});

it('is no older than what the packages of an installation ask for', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; engines?: { node?: string } }>;
  };
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
  const asked = installed.flatMap(([path, { engines }]) => {
    // Of alternatives one is enough, and all that have some name an old one.
    const [, major, minor = '0'] = /^>= ?(\d+)(?:\.(\d+))?/.exec(engines?.node ?? '') ?? [];
    return major === undefined ? [] : [{ path, least: [Number(major), Number(minor)] }];
  });
  expect(asked.length).toBeGreaterThan(20);
  const [majorLeast, minorLeast] = nodeLeast;
  const later = asked.filter(
    ({ least: [major, minor] }) => major > majorLeast || (major === majorLeast && minor > minorLeast),
  );
  expect(later).toEqual([]);
});

it('is the one of package.json and of the pages', () => {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const least = nodeLeast.join('.');
  expect((JSON.parse(read('package.json')) as { engines: unknown }).engines).toEqual({ node: `>=${least}` });
  for (const page of ['README.md', 'CONTRIBUTING.md', 'docs/tutorial/first-settlement.md']) {
    expect([page, read(page)]).toEqual([page, expect.stringContaining(`Node ${least} or later`)]);
  }
});
