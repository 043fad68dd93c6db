/** Composition root of the settlement service: the only file that names its adapters. */
import { type DynamicModule, Module } from '@nestjs/common';
import { BlockReduction } from '#block-reduction/block-reduction';
import { outboxIn } from '#block-watch';
import { openChain } from '#chain/open-chain';
import type { Log } from '#environment';
import { openJobQueue } from '#job-queue/open-job-queue';
import type { KeyValue } from '#key-value';
import { openKeyValue } from '#key-value/open-key-value';
import { closing, HealthController, healthOf, lifecycleOf, type Shell } from '#nest';
import { openPartStore } from '#part-store/open-part-store';
import type { OwnComputing } from './own-results.js';
import type { SettlementConfig } from './settlement.config.js';
import { Settlement, type SettlementPorts } from './settlement.js';

@Module({})
class SettlementModule {}

export function settlementModule(config: SettlementConfig, log: Log): DynamicModule {
  const opened = Symbol('opened');
  const closers = Symbol('closers');
  return {
    module: SettlementModule,
    controllers: [HealthController],
    providers: [
      { provide: opened, useFactory: () => openPorts(config, log) },
      { provide: closers, useFactory: closingAll, inject: [opened] },
      {
        provide: Settlement,
        useFactory: ({ ports }: OpenedPorts) => new Settlement(config.options, ports),
        inject: [opened],
      },
      lifecycleOf(closers, Settlement),
      healthOf(Settlement),
    ],
  };
}

interface Closable {
  close(): Promise<void>;
}

interface OpenedPorts {
  readonly ports: SettlementPorts;
  readonly keyValue: KeyValue;
  /** What own computations take, first what is closed first. */
  readonly computing: readonly Closable[];
}

async function openPorts(config: SettlementConfig, log: Log): Promise<OpenedPorts> {
  const { chain, jobQueue } = config;
  const timeouts = { requestTimeoutMs: 10_000, inclusionTimeoutMs: 60_000 };
  const keyValue = await openKeyValue(config.keyValue);
  const outbox = outboxIn(keyValue, 'settlement');
  const { ownComputing, computing } = openComputing(config, keyValue, log);
  const ports: SettlementPorts = {
    ownComputing,
    chain: await openChain(chain.url, { ...chain, ...timeouts, outbox, log }),
    jobQueue: openJobQueue(jobQueue, { log }),
    log,
  };
  return { ports, keyValue, computing };
}

function openComputing(
  { own }: SettlementConfig,
  keyValue: KeyValue,
  log: Log,
): { readonly ownComputing?: OwnComputing; readonly computing: readonly Closable[] } {
  if (own === undefined) return { computing: [] };
  const { encryptionSecret } = own;
  const partStore = openPartStore(own.partStore, { log });
  const otherStores = own.otherPartStores.map((url) => openPartStore(url, { log, access: 'read' }));
  const reduction = new BlockReduction(own.reduction, { partStore, otherStores, log });
  const ownComputing: OwnComputing = {
    ...{ encryptionSecret, keyValue, partStores: [partStore, ...otherStores] },
    reduceBlock: (block) => reduction.reduce(block),
  };
  return { ownComputing, computing: [reduction, partStore, ...otherStores] };
}

function closingAll({ ports: { jobQueue, chain }, keyValue, computing }: OpenedPorts): Shell {
  return closing(jobQueue, ...computing, chain, keyValue);
}
