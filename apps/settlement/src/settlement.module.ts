/** Composition root of the settlement service: the only file that names its adapters. */
import { type DynamicModule, Module } from '@nestjs/common';
import { openChain } from '#chain/open-chain';
import type { Log } from '#environment';
import { openJobQueue } from '#job-queue/open-job-queue';
import { closing, HealthController, healthOf, lifecycleOf, type Shell } from '#nest';
import type { SettlementConfig } from './settlement.config.js';
import { Settlement, type SettlementPorts } from './settlement.js';

@Module({})
class SettlementModule {}

export function settlementModule(config: SettlementConfig, log: Log): DynamicModule {
  const ports = Symbol('ports');
  const closers = Symbol('closers');
  return {
    module: SettlementModule,
    controllers: [HealthController],
    providers: [
      { provide: ports, useFactory: () => openPorts(config, log) },
      { provide: closers, useFactory: closingAll, inject: [ports] },
      {
        provide: Settlement,
        useFactory: (opened: SettlementPorts) => new Settlement(config.options, opened),
        inject: [ports],
      },
      lifecycleOf(closers, Settlement),
      healthOf(Settlement),
    ],
  };
}

async function openPorts({ chain, jobQueue }: SettlementConfig, log: Log): Promise<SettlementPorts> {
  const timeouts = { requestTimeoutMs: 10_000, inclusionTimeoutMs: 60_000 };
  return {
    chain: await openChain(chain.url, { ...chain, ...timeouts, log }),
    jobQueue: openJobQueue(jobQueue, { log }),
    log,
  };
}

function closingAll({ jobQueue, chain }: SettlementPorts): Shell {
  return closing({
    close: async () => {
      await jobQueue.close();
      await chain.close();
    },
  });
}
