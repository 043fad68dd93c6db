import { describe, expect, it } from '@jest/globals';
import { type Asked, HttpConnections } from './http-connections.js';

class FakeConnection {
  bytesWritten = 0;
  writableLength = 0;
  isDestroyed = false;

  destroy(): void {
    this.isDestroyed = true;
  }
}

const limits = {
  connectionsMax: 3,
  requestsPerConnectionMax: 10,
  requestsWaitingMax: 2,
  bodyBytesMax: 100,
  unreadMs: 1_000,
};

function opened(connections: HttpConnections, count: number): FakeConnection[] {
  const all = Array.from({ length: count }, () => new FakeConnection());
  for (const one of all) connections.opened(one);
  return all;
}

function request(bodyBytes: number, isWhole: boolean, begin = (_isLast: boolean): void => {}): Asked {
  return { id: 'r', url: '/', bodyBytes, isWhole: () => isWhole, isAnswering: () => false, begin };
}

const destroyed = (all: readonly FakeConnection[]): boolean[] => all.map((one) => one.isDestroyed);

describe('the connections of a server', () => {
  it('make room by the one that has been silent longest, also in the middle of a request', () => {
    const connections = new HttpConnections(limits);
    const [first, second, third] = opened(connections, 3);
    connections.asked(first, request(10, false));
    const [fourth] = opened(connections, 1);
    expect(destroyed([first, second, third, fourth])).toEqual([false, true, false, false]);
    opened(connections, 2);
    expect(destroyed([first, third, fourth])).toEqual([true, true, false]);
    expect(connections.count).toBe(3);
  });

  it('keep whoever is being served, and turn a new one away when all are', () => {
    const connections = new HttpConnections(limits);
    const all = opened(connections, 3);
    const requests = all.map(() => request(0, true));
    for (const [at, one] of all.entries()) connections.asked(one, requests[at]);
    const [turnedAway] = opened(connections, 1);
    expect(destroyed([...all, turnedAway])).toEqual([false, false, false, true]);
    connections.answered(all[1], requests[1]);
    const [taken] = opened(connections, 1);
    expect(destroyed([...all, taken])).toEqual([false, true, false, false]);
  });

  it('hold no more bodies than there is room for: the longest unfinished one goes, then the new one', () => {
    const connections = new HttpConnections(limits);
    const [slow, idle, busy] = opened(connections, 3);
    expect(connections.asked(slow, request(60, false))).toBe(true);
    const served = request(40, true);
    expect(connections.asked(busy, served)).toBe(true);
    expect(connections.asked(idle, request(60, false))).toBe(true);
    expect(destroyed([slow, idle, busy])).toEqual([true, false, false]);
    const refused = request(1, false);
    expect(connections.asked(busy, refused)).toBe(true);
    expect(destroyed([slow, idle, busy])).toEqual([true, true, false]);
    expect(connections.asked(busy, request(60, false))).toBe(false);
  });

  it('give room back when a request is answered', () => {
    const connections = new HttpConnections(limits);
    const [one] = opened(connections, 1);
    for (let round = 0; round < 5; round++) {
      const asked = request(100, true);
      expect(connections.asked(one, asked)).toBe(true);
      connections.answered(one, asked);
    }
  });

  it('end when an answer has not been read in time, however many bytes trickle', () => {
    const connections = new HttpConnections(limits);
    const [never, drips, reads] = opened(connections, 3);
    for (const one of [never, drips, reads]) Object.assign(one, { bytesWritten: 50, writableLength: 50 });
    connections.cutOffUnread(0);
    drips.writableLength = 1;
    // Another answer waits, but the first was read.
    Object.assign(reads, { bytesWritten: 90, writableLength: 40 });
    connections.cutOffUnread(500);
    connections.cutOffUnread(999);
    expect(destroyed([never, drips, reads])).toEqual([false, false, false]);
    connections.cutOffUnread(1_000);
    expect(destroyed([never, drips, reads])).toEqual([true, true, false]);
    connections.cutOffUnread(1_500);
    expect(reads.isDestroyed).toBe(true);
  });

  it('are idle when the last request is answered or its connection was closed for another', async () => {
    const connections = new HttpConnections({ ...limits, connectionsMax: 2 });
    await connections.idle();
    const [one, other] = opened(connections, 2);
    const asked = request(5, true);
    connections.asked(one, asked);
    connections.asked(other, request(5, false));
    const idle = connections.idle();
    connections.answered(one, asked);
    let isIdle = false;
    idle.then(() => {
      isIdle = true;
    });
    await Promise.resolve();
    expect(isIdle).toBe(false);
    opened(connections, 2);
    await idle;
  });

  it('are served one request at a time, in the order in which they came', () => {
    const connections = new HttpConnections(limits);
    const [one, other] = opened(connections, 2);
    const begun: string[] = [];
    const named = (name: string): Asked => request(0, true, () => begun.push(name));
    const [first, second, third] = ['first', 'second', 'third'].map(named);
    for (const asked of [first, second, third]) connections.asked(one, asked);
    connections.asked(other, named('of another'));
    expect(begun).toEqual(['first', 'of another']);
    expect(connections.served(one)).toBe(first);
    // A client that went away in between is no reason to begin.
    connections.answered(one, second);
    expect(begun.length).toBe(2);
    connections.answered(one, first);
    expect(begun).toEqual(['first', 'of another', 'third']);
    connections.answered(one, third);
    expect(connections.served(one)).toBeUndefined();
  });

  it('serve so many requests and no more: the last is told that it is', () => {
    const connections = new HttpConnections(limits);
    const [one] = opened(connections, 1);
    const begun: boolean[] = [];
    for (let sent = 0; sent < 12; sent++) {
      const asked = request(0, true, (isLast) => begun.push(isLast));
      connections.asked(one, asked);
      connections.answered(one, asked);
    }
    expect(begun).toEqual([...Array.from({ length: 9 }, () => false), true]);
  });

  it('end when more requests wait on one of them than may', () => {
    const connections = new HttpConnections(limits);
    const [one] = opened(connections, 1);
    for (let sent = 0; sent < 3; sent++) connections.asked(one, request(0, true));
    expect(one.isDestroyed).toBe(false);
    connections.asked(one, request(0, true));
    expect(one.isDestroyed).toBe(true);
  });
});
