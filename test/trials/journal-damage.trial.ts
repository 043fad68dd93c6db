/**
 * One damage at a time to journal, snapshot or note of the embedded chain: a flipped bit, a truncation, an
 * emptied or a deleted file. Each is named, or the chain comes up in the very state that it had.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAnvilChain } from '#chain/anvil-chain';
import { JsonRpc } from '#chain/json-rpc';
import { codeOf, silentLog } from '#environment';
import { withFolder } from './up-network.js';

const options = { chainId: 31_337, genesisTimestampSeconds: 1_370_000_000, mode: 'driven' } as const;
const files = ['chain/heights', 'chain/heights', 'chain/snapshot', 'chain-note'];
const kinds = ['flipped', 'flipped', 'flipped', 'truncated', 'emptied', 'deleted'];
const named = /^chain-journal-(damaged|older)$|^chain-(snapshot-unusable|note-damaged)$/;

/** `count`: damages, 1,000 unless said. */
export async function runTrial([count = '1000']: string[]): Promise<boolean> {
  return withFolder(async (root) => {
    const whole = join(root, 'whole');
    const good = await makeChain(whole);
    const found = new Map<string, number>();
    let bad = 0;
    for (let round = 0; round < Number(count); round++) {
      const folder = join(root, 'damaged');
      rmSync(folder, { recursive: true, force: true });
      cpSync(whole, folder, { recursive: true });
      const file = files[Math.floor(Math.random() * files.length)];
      const kind = kinds[Math.floor(Math.random() * kinds.length)];
      const how = damage(join(folder, file), kind);
      const { codes, state } = await open(folder);
      const isSame = state === undefined || state === good;
      const isNamed = codes.length > 0 && codes.every((code) => named.test(code));
      const verdict = isNamed ? codes.join('+') : state === good ? 'without effect' : 'UNNAMED';
      found.set(`${file} ${verdict}`, (found.get(`${file} ${verdict}`) ?? 0) + 1);
      if (isSame && verdict !== 'UNNAMED') continue;
      bad++;
      process.stdout.write(`${file} ${kind} ${how}: ${codes} ${state === good ? 'same' : 'other'} state\n`);
    }
    for (const [what, times] of [...found].sort()) process.stdout.write(`${what}: ${times}\n`);
    process.stdout.write(`${count} damages, ${bad} neither named nor without effect\n`);
    return bad === 0;
  });
}

/** A chain with acts and empty heights before and behind its snapshot. */
async function makeChain(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const dataFolder = join(folder, 'chain');
  const fill = async (from: number): Promise<void> => {
    const chain = await openAnvilChain({ ...options, dataFolder, log: silentLog });
    for (let at = from; at < from + 12; at++) {
      await chain.fund(`0xacc0${at.toString(16).padStart(36, '0')}` as const, BigInt(at));
      await chain.advanceTo(options.genesisTimestampSeconds + at * at);
    }
    await chain.close();
  };
  await fill(1);
  const early = readFileSync(join(dataFolder, 'snapshot'));
  await fill(13);
  writeFileSync(join(dataFolder, 'snapshot'), early);
  const { state } = await open(folder);
  if (state === undefined) throw new Error('the chain that was made does not open');
  writeFileSync(join(dataFolder, 'snapshot'), early);
  return state;
}

/** What was said, and the state to which the chain came up: height, time and root of the state's tree. */
async function open(folder: string): Promise<{ codes: string[]; state: string | undefined }> {
  const codes: string[] = [];
  try {
    const chain = await openAnvilChain({
      ...{ ...options, dataFolder: join(folder, 'chain'), log: silentLog },
      notify: ({ code }) => codes.push(code),
    });
    const rpc = new JsonRpc(chain.url, 10_000);
    type Height = { readonly number: string; readonly timestamp: string; readonly stateRoot: string };
    const { number, timestamp, stateRoot } = await rpc.call<Height>('eth_getBlockByNumber', 'latest', false);
    rpc.close();
    await chain.close();
    return { codes, state: `${number} ${timestamp} ${stateRoot}` };
  } catch (cause) {
    return { codes: [...codes, codeOf(cause) ?? String(cause)], state: undefined };
  }
}

function damage(path: string, kind: string): string {
  const bytes = readFileSync(path);
  const at = Math.floor(Math.random() * bytes.length);
  if (kind === 'deleted') rmSync(path);
  else if (kind === 'emptied') writeFileSync(path, '');
  else if (kind === 'truncated') writeFileSync(path, bytes.subarray(0, at));
  else {
    bytes[at] ^= 1 << Math.floor(Math.random() * 8);
    writeFileSync(path, bytes);
  }
  return `at ${at} of ${bytes.length}`;
}
