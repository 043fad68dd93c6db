/** Composition root of the collator: the only file that names its adapters. */
import { type DynamicModule, Module } from '@nestjs/common';
import { outboxIn } from '#block-watch';
import { openChain } from '#chain/open-chain';
import { type Log, systemClock } from '#environment';
import { openJobQueue } from '#job-queue/open-job-queue';
import { openKeyValue } from '#key-value/open-key-value';
import { closing, HealthController, healthOf, lifecycleOf, type Shell } from '#nest';
import { openPartStore } from '#part-store/open-part-store';
import { openRecordLog } from '#record-log/open-record-log';
import type { CollatorConfig } from './collator.config.js';
import { Collator, type CollatorPorts } from './collator.js';

@Module({})
class CollatorModule {}

export function collatorModule(config: CollatorConfig, log: Log): DynamicModule {
  const ports = Symbol('ports');
  const stores = Symbol('stores');
  return {
    module: CollatorModule,
    controllers: [HealthController],
    providers: [
      { provide: ports, useFactory: () => openPorts(config, log) },
      { provide: stores, useFactory: closingAll, inject: [ports] },
      {
        provide: Collator,
        useFactory: (opened: CollatorPorts) => new Collator(config.options, opened),
        inject: [ports],
      },
      lifecycleOf(stores, Collator),
      healthOf(Collator),
    ],
  };
}

async function openPorts(config: CollatorConfig, log: Log): Promise<CollatorPorts> {
  const { recordLog, partStore, jobQueue, chain } = config;
  const keyValue = await openKeyValue(config.keyValue);
  const timeouts = { requestTimeoutMs: 10_000, inclusionTimeoutMs: 60_000 };
  return {
    chain: await openChain(chain.url, { ...chain, ...timeouts, outbox: outboxIn(keyValue, 'collator'), log }),
    recordLog: await openRecordLog(recordLog, { access: 'read' }),
    partStore: openPartStore(partStore, { log }),
    keyValue,
    jobQueue: openJobQueue(jobQueue, { log }),
    clock: systemClock,
    log,
  };
}

function closingAll({ jobQueue, recordLog, partStore, keyValue, chain }: CollatorPorts): Shell {
  return closing(jobQueue, recordLog, partStore, chain, keyValue);
}
