/** Whether a service can do its work: ports that answer, coins for gas, no deadline that is about to pass. */
import type { ReadinessReason } from '#api';
import type { Chain } from '#chain';
import type { Hex } from '#encoding';
import { Fault, messageOf, systemTimers, type Timers } from '#environment';
import type { Due } from '#protocol';
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

/** Asks chain and stores now, all at once; empty if nothing speaks against working. */
export async function readinessOf(questions: ReadinessQuestions): Promise<readonly ReadinessReason[]> {
  const { chain, gasOf, stores, due, more } = questions;
  const timers = questions.timers ?? systemTimers;
  const asked = [
    ...stores.map((store) => async () => {
      await store();
      return [];
    }),
    async () => (gasOf === undefined ? [] : gasReasons(chain, gasOf)),
    async () => lateReasons(await due(), (await chain.time()).timestampSeconds),
    async () => (more === undefined ? [] : more()),
  ];
  const answers = await Promise.all(asked.map((ask) => answered(ask, timers)));
  const byText = new Map(answers.flat().map((reason) => [`${reason.code} ${reason.detail}`, reason]));
  return [...byText.values()];
}

async function gasReasons(chain: Chain, account: Hex): Promise<readonly ReadinessReason[]> {
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
