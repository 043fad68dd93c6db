/** The services of three organisations in one process, for tests of a block's whole life. */
import { problemOf, validationRequestSchema } from '#api';
import { Collator } from '#apps/collator/src/collator';
import { Coordinator, type CoordinatorOptions } from '#apps/coordinator/src/coordinator';
import type { OwnComputing } from '#apps/settlement/src/own-results';
import { Settlement } from '#apps/settlement/src/settlement';
import { Validator } from '#apps/validator/src/validator';
import type { ReduceBlock } from '#block-reduction';
import { reduceInMemory } from '#block-reduction/reduce-in-memory';
import type { CrashPoint } from '#block-watch/testing/crashing-ports';
import type { Rehearsal } from '#block-watch/testing/rehearsal';
import type { Chain } from '#chain';
import { seededEntropy, silentLog, systemClock } from '#environment';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';

export interface Sweeper {
  sweep(): Promise<number>;
}

export interface StartMore {
  /** What the validator of an organisation computes, from what is honest. */
  readonly reduceOf?: (index: number, honest: ReduceBlock) => ReduceBlock;
  /** Of every coordinator. */
  readonly coordinator?: Partial<CoordinatorOptions>;
  /** Of whom nothing runs but a collator. */
  readonly away?: readonly number[];
}

/**
 * The services of all organisations as processes that were just started; those of `crashing` break at its
 * point.
 */
export function startAll(
  rehearsal: Rehearsal,
  crash: CrashPoint | undefined,
  absent: readonly number[],
  baseChain: Chain = rehearsal.chain.port(),
  more: StartMore = {},
): readonly Sweeper[] {
  const { reduceOf = (_, honest) => honest, coordinator = {}, away = [] } = more;
  const validators = new Map<string, Validator>();
  const where = { instance: '/v1/validation-requests', requestId: 'test' };
  const fetch = (async (url: string, init: { body: string }) => {
    const validator = validators.get(url.split('/')[2]);
    const request = validationRequestSchema.parse(JSON.parse(init.body));
    const answer = await validator?.accept(request);
    if (answer?.ok) {
      const nonce = String(request.delegation.nonce);
      return new Response(JSON.stringify({ accepted: true, nonce }), { status: 202 });
    }
    const problem = answer && problemOf(answer, where);
    return new Response(JSON.stringify(problem), { status: problem?.status ?? 502 });
  }) as unknown as typeof globalThis.fetch;
  const kinds: Sweeper[][] = [[], [], [], []];
  rehearsal.participants.forEach((one, index) => {
    const wrap = <Port extends object>(port: Port): Port => (crash && index === 1 ? crash.wrap(port) : port);
    const chain = wrap(baseChain);
    const partStore = wrap(rehearsal.partStore());
    const keyValue = wrap(rehearsal.keyValue(index));
    const jobQueue = openInProcessJobQueue({ log: silentLog });
    const common = { chain, partStore, keyValue, jobQueue, log: silentLog };
    const options = { ...one, requestTimeoutMs: 1_000, sweepIntervalMs: 1_000 };
    const recordLog = wrap(rehearsal.recordLog(index));
    if (!absent.includes(index)) {
      kinds[0].push(new Collator(options, { ...common, recordLog, clock: systemClock }));
    }
    if (away.includes(index)) return;
    const validator = new Validator(
      {
        ...options,
        privateKey: one.validatorKey,
        encryptionSecret: one.validatorSecret,
        feeFreeAccounts: [],
        requestsMax: 10,
        availabilityWaitSeconds: 0,
      },
      {
        ...common,
        keyValue: wrap(rehearsal.validatorKeyValue(index)),
        reduceBlock: reduceOf(index, reduceInMemory(partStore)),
      },
    );
    validators.set(one.validator, validator);
    const entropy = seededEntropy(`coordinator ${index}`);
    kinds[1].push(new Coordinator({ ...options, ...coordinator }, { ...common, entropy, fetch }));
    kinds[2].push(validator);
    const { encryptionSecret } = one;
    const ownComputing: OwnComputing = {
      ...{ encryptionSecret, keyValue, partStores: [partStore] },
      reduceBlock: reduceInMemory(partStore),
    };
    kinds[3].push(new Settlement(options, { ...common, ownComputing }));
  });
  return kinds.flat();
}

export async function sweepUntilStill(sweepers: readonly Sweeper[]): Promise<void> {
  for (;;) {
    let done = 0;
    for (const one of sweepers) done += await one.sweep();
    if (done === 0) return;
  }
}

/** By participant: whose batches concern it. */
export const loggedAuthors: readonly (readonly number[])[] = [
  [0, 1],
  [0, 1, 2],
  [2, 0],
];

/** Every organisation's log holds what concerns it, and is cut off. */
export async function fillLogs(rehearsal: Rehearsal): Promise<void> {
  for (const [one, authors] of loggedAuthors.entries()) {
    await rehearsal.append(
      one,
      authors.map((author) => rehearsal.batch(0, author, 1)),
    );
  }
  for (const one of [0, 1, 2]) await rehearsal.cutOff(one, 0);
}
