/** The log of a process: JSON lines on stderr, nothing on stdout, nothing below its level. */
import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { builtFile } from './built-file.js';

it('writes one JSON object a line to stderr, from its level upward, also right before a crash', () => {
  const program = `
    import { openPinoLog } from '${builtFile('libs/environment/pino-log.js')}';
    const log = openPinoLog({ level: 'info', name: 'collator' });
    log.debug({}, 'unseen');
    log.info({ block: 7 }, 'cut');
    log.error({ cause: 'disk' }, 'failed');
    process.kill(process.pid, 'SIGKILL');`;
  const ran = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
  expect(ran.stdout).toBe('');
  const lines = ran.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { level: 'info', name: 'collator', block: 7, msg: 'cut' },
    { level: 'error', name: 'collator', cause: 'disk', msg: 'failed' },
  ]);
});
