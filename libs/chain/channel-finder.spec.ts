/** Which channels of a growing list, that a rollback may shorten, are those of an account. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Address, Hex } from '#encoding';
import type { ChannelId } from '#protocol';
import { ChannelFinder } from './channel-finder.js';
import type { ContractSnapshot } from './contract-snapshot.js';

const own = `0x${'ab'.repeat(20)}` as const;
const foreign = `0x${'11'.repeat(20)}` as const;
const idOf = (number: number) => `0x${number.toString(16).padStart(64, '0')}` as const;

/** The registry: participants of each channel, in the order of their opening. */
let channels: { readonly id: Hex; readonly participants: readonly Address[] }[];
/** Channels whose terms were asked for, and how many lists. */
let looked: Hex[];
let lists: number;
/** Thrown instead of the terms of this channel. */
let broken: Hex | undefined;

function open(number: number, participants: readonly Address[]): Hex {
  channels.push({ id: idOf(number), participants });
  return idOf(number);
}

const snapshot = async (): Promise<ContractSnapshot> =>
  ({
    channelIds: async (from: number, count: number) => {
      lists++;
      return channels.slice(from, from + count).map(({ id }) => id);
    },
    channel: async (channelId: ChannelId) => {
      if (channelId === broken) throw new Error('the node went away');
      looked.push(channelId);
      const found = channels.find(({ id }) => id === channelId);
      return found && { terms: { participants: found.participants } };
    },
  }) as unknown as ContractSnapshot;

beforeEach(() => {
  channels = [];
  looked = [];
  lists = 0;
  broken = undefined;
});

describe('the channels of an account', () => {
  it('are all in which it takes part, whatever the letters of its address, in the order of their opening', async () => {
    const numbers = Array.from({ length: 450 }, (_, number) => number);
    for (const number of numbers) open(number, [foreign, number % 7 === 3 ? own : foreign]);
    const expected = numbers.filter((number) => number % 7 === 3).map(idOf);
    const shouting = `0x${'AB'.repeat(20)}` as const;
    expect(await new ChannelFinder(shouting, snapshot).find()).toEqual(expected);
    expect(await new ChannelFinder(foreign, snapshot).find()).toEqual(numbers.map(idOf));
  });

  it('are found by a later call too, which looks only at what was opened since', async () => {
    const finder = new ChannelFinder(own, snapshot);
    expect(await finder.find()).toEqual([]);
    for (const count of [1, 199, 200, 1, 400]) {
      const before = channels.length;
      for (let number = before; number < before + count; number++) open(number, [own]);
      looked = [];
      expect(await finder.find()).toEqual(channels.map(({ id }) => id));
      expect(looked).toEqual(channels.slice(before).map(({ id }) => id));
    }
  });

  it('are looked for once by calls at the same time, and each is there once', async () => {
    for (let number = 0; number < 5; number++) open(number, [own]);
    const finder = new ChannelFinder(own, snapshot);
    const answers = await Promise.all([finder.find(), finder.find(), finder.find()]);
    for (const answer of answers) expect(answer).toEqual(channels.map(({ id }) => id));
    expect([looked.length, lists]).toEqual([5, 1]);
  });

  it('are found again after a rollback took some out, at the same height or for good', async () => {
    const finder = new ChannelFinder(own, snapshot);
    for (let number = 0; number < 300; number++) open(number, [own]);
    await finder.find();
    channels.splice(250);
    expect(await finder.find()).toEqual(channels.map(({ id }) => id));
    channels.splice(100, 150);
    for (let number = 0; number < 150; number++) open(1_000 + number, [number % 2 === 0 ? own : foreign]);
    const expected = channels.filter(({ participants }) => participants[0] === own).map(({ id }) => id);
    expect(await finder.find()).toEqual(expected);
    channels = [];
    expect(await finder.find()).toEqual([]);
  });

  it('are all there after a call that a fault ended', async () => {
    for (let number = 0; number < 300; number++) open(number, [own]);
    broken = idOf(250);
    const finder = new ChannelFinder(own, snapshot);
    await expect(finder.find()).rejects.toThrow('the node went away');
    broken = undefined;
    expect(await finder.find()).toEqual(channels.map(({ id }) => id));
  });
});
