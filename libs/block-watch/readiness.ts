/** Whether a service can do its work: ports that answer, coins for gas, no deadline that is about to pass. */
import type { ReadinessReason, ReadinessView, WorkView } from '#api';
import type { Chain } from '#chain';
import type { Address, Hex } from '#encoding';
import { Fault, messageOf, systemTimers, type Timers } from '#environment';
import { type Due, isDue } from '#protocol';
import type { DueJob } from './block-sweep.js';

export interface ReadinessQuestions {
  readonly chain: Chain;
  /** The key that pays for the service's acts; none where it posts nothing. */
  readonly gasOf?: Hex;
  /** What the service stands on beside the chain: each asks one port something. */
  readonly stores: readonly (() => Promise<unknown>)[];
  /** What is due and what is waited for. */
  readonly due: () => Promise<readonly DueJob[]>;
  /** Reasons that only this service knows. */
  readonly more?: () => Promise<readonly ReadinessReason[]>;
  readonly timers?: Timers;
}

/** A port that does not answer for so long is away, whatever it answers later. */
const askMs = 5_000;
/** Coins for so many of the dearest acts are kept in reserve: an operator has time to send more. */
const actsInReserve = 10n;
/** What is still due so shortly before its end is in danger. */
const nearSeconds = 30;

/** Asks chain and stores now, all at once; no reasons if nothing speaks against working. */
export async function readinessOf(questions: ReadinessQuestions): Promise<ReadinessView> {
  const { chain, gasOf, stores, due, more } = questions;
  const timers = questions.timers ?? systemTimers;
  let work: readonly WorkView[] = [];
  const asked = [
    ...stores.map((store) => async () => {
      await store();
      return [];
    }),
    async () => (gasOf === undefined ? [] : gasReasons(chain, gasOf)),
    async () => {
      const looked = await due();
      work = workOf(looked);
      return lateReasons(looked, (await chain.time()).timestampSeconds);
    },
    async () => (more === undefined ? [] : more()),
  ];
  const answers = await Promise.all(asked.map((ask) => answered(ask, timers)));
  const byText = new Map(answers.flat().map((reason) => [`${reason.code} ${reason.detail}`, reason]));
  const reasons = [...byText.values()];
  return work.length === 0 ? { reasons } : { reasons, work: [...work] };
}

/** What is before the service, by kind in the order of their first; what is done is no work. */
export function workOf(looked: readonly DueJob[]): readonly WorkView[] {
  const byKind = new Map<string, WorkView>();
  for (const { kind, due } of looked) {
    if ('done' in due) continue;
    const before = byKind.get(kind) ?? {
      ...{ kind, due: 0, dueBeforeSeconds: null, waiting: 0, waitingUntilSeconds: null },
    };
    const counted = isDue(due)
      ? { due: before.due + 1, dueBeforeSeconds: earlier(before.dueBeforeSeconds, due.untilSeconds) }
      : {
          waiting: before.waiting + 1,
          waitingUntilSeconds: earlier(before.waitingUntilSeconds, due.untilSeconds),
        };
    byKind.set(kind, { ...before, ...counted });
  }
  return [...byKind.values()];
}

function earlier(one: number | null, other: number | undefined): number | null {
  if (one === null || other === undefined) return one ?? other ?? null;
  return Math.min(one, other);
}

async function gasReasons(chain: Chain, account: Address): Promise<readonly ReadinessReason[]> {
  const { balanceWei, reserveWei } = await chain.gasBalance(account);
  if (balanceWei >= reserveWei * actsInReserve) return [];
  const code = balanceWei < reserveWei ? 'operator-key-without-gas' : 'operator-key-low-on-gas';
  const detail = `${account} has ${balanceWei} wei for gas, and one act may take ${reserveWei}: send coins to it`;
  return [{ code, detail }];
}

function lateReasons(due: readonly DueJob[], nowSeconds: number): readonly ReadinessReason[] {
  return due.flatMap(({ channelId, blockNumber, due: one }) => {
    if (!isNearItsEnd(one, nowSeconds)) return [];
    const detail = `${one.due} of block ${blockNumber} of ${channelId} must be done before ${one.untilSeconds}`;
    return [{ code: 'deadline-near', detail: `${detail}, it is ${nowSeconds}` }];
  });
}

function isNearItsEnd(
  due: Due,
  nowSeconds: number,
): due is Extract<Due, { readonly due: unknown }> & { readonly untilSeconds: number } {
  return 'due' in due && due.untilSeconds !== undefined && due.untilSeconds - nowSeconds <= nearSeconds;
}

/** What the question brought, or why it brought nothing. */
function answered(
  ask: () => Promise<readonly ReadinessReason[]>,
  timers: Timers,
): Promise<readonly ReadinessReason[]> {
  return new Promise((resolve) => {
    const cancel = timers.after(askMs, () => {
      resolve([{ code: 'no-answer', detail: `chain or store did not answer within ${askMs} ms` }]);
    });
    ask().then(
      (reasons) => {
        cancel();
        resolve(reasons);
      },
      (cause) => {
        cancel();
        const code = cause instanceof Fault ? cause.code : 'internal-error';
        resolve([{ code, detail: messageOf(cause) }]);
      },
    );
  });
}
