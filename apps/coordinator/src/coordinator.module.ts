/** Composition root of the coordinator: the only file that names its adapters. */
import { type DynamicModule, Module } from '@nestjs/common';
import { openChain } from '#chain/open-chain';
import { type Log, systemEntropy } from '#environment';
import { openJobQueue } from '#job-queue/open-job-queue';
import { openKeyValue } from '#key-value/open-key-value';
import { closing, HealthController, healthOf, lifecycleOf, type Shell } from '#nest';
import type { CoordinatorConfig } from './coordinator.config.js';
import { Coordinator, type CoordinatorPorts } from './coordinator.js';

@Module({})
class CoordinatorModule {}

export function coordinatorModule(config: CoordinatorConfig, log: Log): DynamicModule {
  const ports = Symbol('ports');
  const stores = Symbol('stores');
  return {
    module: CoordinatorModule,
    controllers: [HealthController],
    providers: [
      { provide: ports, useFactory: () => openPorts(config, log) },
      { provide: stores, useFactory: closingAll, inject: [ports] },
      {
        provide: Coordinator,
        useFactory: (opened: CoordinatorPorts) => new Coordinator(config.options, opened),
        inject: [ports],
      },
      lifecycleOf(stores, Coordinator),
      healthOf(Coordinator),
    ],
  };
}

async function openPorts(
  { keyValue, jobQueue, chain }: CoordinatorConfig,
  log: Log,
): Promise<CoordinatorPorts> {
  const timeouts = { requestTimeoutMs: 10_000, inclusionTimeoutMs: 60_000 };
  return {
    chain: await openChain(chain.url, { ...chain, ...timeouts, log }),
    keyValue: await openKeyValue(keyValue),
    jobQueue: openJobQueue(jobQueue, { log }),
    entropy: systemEntropy,
    log,
  };
}

function closingAll({ jobQueue, keyValue, chain }: CoordinatorPorts): Shell {
  return closing(jobQueue, keyValue, chain);
}
