/** A coordinator of a rehearsal's seller, and validators that answer it as they are told. */
import { problemOf, type RefusalCode, refuse } from '#api';
import type { CrashPoint } from '#block-watch/testing/crashing-ports';
import { blockSeconds, emptyPart, Rehearsal } from '#block-watch/testing/rehearsal';
import type { Hex } from '#encoding';
import { type Log, silentLog } from '#environment';
import type { JobQueue } from '#job-queue';
import { openInProcessJobQueue } from '#job-queue/in-process-job-queue';
import type { KeyValue } from '#key-value';
import type { Delegation } from '#protocol';
import { Coordinator, type CoordinatorOptions } from '../coordinator.js';

export interface Body extends Omit<Delegation, 'nonce' | 'notAfter' | 'feeWei'> {
  readonly nonce: string;
  readonly notAfter: string;
  readonly feeWei: string;
  readonly signature: Hex;
  readonly sealedBlockKey: Hex;
  readonly keyPath: readonly Hex[];
}

/** Answers as it is told, once each; then 202. */
export class Correspondent {
  readonly received: Body[] = [];
  readonly urls: string[] = [];
  answers: (Response | Error)[] = [];

  readonly fetch = async (url: unknown, init?: { body?: unknown }): Promise<Response> => {
    const answer = this.answers.shift() ?? accepted();
    this.urls.push(String(url));
    this.received.push(JSON.parse(String(init?.body)) as Body);
    if (answer instanceof Error) throw answer;
    return answer;
  };
}

export function accepted(): Response {
  return new Response(JSON.stringify({ accepted: true, nonce: '1' }), { status: 202 });
}

export function problem(code: RefusalCode): Response {
  const one = problemOf(refuse(code, code), { instance: '/v1/validation-requests', requestId: 'test' });
  return new Response(JSON.stringify(one), { status: one.status });
}

interface StageMore {
  readonly crash?: CrashPoint;
  readonly keyValue?: KeyValue;
  readonly jobQueue?: JobQueue;
  readonly options?: Partial<CoordinatorOptions>;
  readonly log?: Partial<Log>;
}

/** Of participant 1. */
export function coordinatorOf(
  rehearsal: Rehearsal,
  correspondent: { readonly fetch: unknown },
  more: StageMore = {},
): Coordinator {
  const { crash, keyValue = rehearsal.keyValue(1) } = more;
  const { jobQueue = openInProcessJobQueue({ log: silentLog }) } = more;
  const wrap = <Port extends object>(port: Port): Port => (crash ? crash.wrap(port) : port);
  return new Coordinator(
    { ...rehearsal.participants[1], requestTimeoutMs: 1_000, sweepIntervalMs: 1_000, ...more.options },
    {
      chain: wrap(rehearsal.chain.port()),
      keyValue: wrap(keyValue),
      jobQueue,
      entropy: rehearsal.entropy,
      log: { ...silentLog, ...more.log },
      fetch: correspondent.fetch as typeof globalThis.fetch,
    },
  );
}

export async function postEmptyPart(
  rehearsal: Rehearsal,
  blockNumber: number,
  participant = 0,
): Promise<void> {
  const acts = rehearsal.chain.port().participantActs(rehearsal.participants[participant].operatorKey);
  await acts.postPart(rehearsal.channelId, blockNumber, emptyPart);
}

/** Only the payer posted, so processing begins when collation ends. */
export async function inProcessing(): Promise<{ rehearsal: Rehearsal; startsAt: number }> {
  const rehearsal = new Rehearsal();
  rehearsal.chain.advanceTo(rehearsal.collected(0));
  await postEmptyPart(rehearsal, 0);
  return { rehearsal, startsAt: rehearsal.collected(0) + blockSeconds.collation };
}
