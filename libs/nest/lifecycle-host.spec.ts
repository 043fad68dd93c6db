import { describe, expect, it } from '@jest/globals';
import { LifecycleHost, closing, type Shell } from './lifecycle-host.js';

describe('the shells of a process', () => {
  const heard: string[] = [];
  const shell = (name: string, failure?: Error): Shell => ({
    start: () => void heard.push(`${name} starts`),
    stop: async () => {
      heard.push(`${name} stops`);
      if (failure !== undefined) throw failure;
    },
  });
  const port = (name: string, failure?: Error) => ({ close: shell(name, failure).stop });

  it('stop in the reverse order, each of them and its ports too when one cannot', async () => {
    const broken = new TypeError('broken');
    const ports = closing(port('queue', broken), port('store'));
    const host = new LifecycleHost([ports, shell('node'), shell('loop', new Error('also broken'))]);
    await host.onApplicationBootstrap();
    await expect(host.onApplicationShutdown()).rejects.toThrow('also broken');
    const stops = ['loop stops', 'node stops', 'queue stops', 'store stops'];
    expect(heard).toEqual(['node starts', 'loop starts', ...stops]);
  });
});
