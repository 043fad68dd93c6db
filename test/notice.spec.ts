/** NOTICE is what the lock file says now, and images carry it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** As the tool writes it of the given lock file. */
function written(lock: unknown): string {
  const script = `
    const { noticeOf } = await import(${JSON.stringify(join(root, 'tools/notice.mjs'))});
    process.stdout.write(noticeOf(JSON.parse(process.argv[1])));`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script, '--', JSON.stringify(lock)], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

describe('NOTICE', () => {
  it('is current: npm run -s notice writes it anew', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { dev?: boolean; version?: string; license?: string; name?: string }>;
    };
    const ofImages = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);
    expect(ofImages.length).toBeGreaterThan(100);
    const few = ofImages.map(([path, { version, license, name }]) => [path, { version, license, name }]);
    expect(read('NOTICE')).toBe(written({ packages: Object.fromEntries(few) }));
  });

  it('leaves out what is for development, and names a package that states no licence', () => {
    const at = (more: object) => ({
      packages: { '': {}, 'node_modules/@a/b': { version: '1.0.0', ...more } },
    });
    expect(written(at({ license: 'MIT' }))).toContain('\n@a/b 1.0.0: MIT\n');
    expect(written(at({ license: 'MIT', dev: true }))).not.toContain('@a/b');
    expect(() => written(at({}))).toThrow('@a/b 1.0.0 states no licence');
  });

  it('is in the image, beside the licence', () => {
    expect(read('docker/Dockerfile')).toMatch(/^COPY .*\bLICENSE NOTICE \.\/$/m);
    const ignored = read('docker/Dockerfile.dockerignore').split('\n');
    expect(['LICENSE', 'NOTICE'].filter((name) => ignored.includes(name))).toEqual([]);
  });
});
