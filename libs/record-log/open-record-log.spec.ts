import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { openRecordLog } from './open-record-log.js';
import { logBegin } from './record-log.js';

describe('the URL of a record log', () => {
  it('names a folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'papyrus-record-log-'));
    const channelId = `0x${'c3'.repeat(32)}`;
    const url = `file:${join(folder, 'a', 'log')}`;
    const log = await openRecordLog(url, { access: 'own' });
    const partition = { channelId, stream: 0 };
    await log.append(await log.claim(channelId), partition, new Uint8Array(), 0);
    await log.close();
    const again = await openRecordLog(url, { access: 'read' });
    expect((await again.end(partition)) > logBegin).toBe(true);
    await again.close();
    await rm(folder, { recursive: true });
  });

  it('is refused with the known ones where it is another', async () => {
    for (const url of ['kafka://host', 'file:', 'memory:', './log', '']) {
      await expect(openRecordLog(url, { access: 'own' })).rejects.toThrow('there is file:FOLDER');
    }
  });
});
