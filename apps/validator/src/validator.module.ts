/** Composition root of the validator: the only file that names its adapters. */
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { outboxIn } from '#block-watch';
import { openChain } from '#chain/open-chain';
import type { Log } from '#environment';
import { openJobQueue } from '#job-queue/open-job-queue';
import { openKeyValue } from '#key-value/open-key-value';
import { closing, HealthController, healthOf, lifecycleOf, type Shell } from '#nest';
import type { PartStore } from '#part-store';
import { openPartStore } from '#part-store/open-part-store';
import { BlockReduction } from '#block-reduction/block-reduction';
import type { ValidatorConfig } from './validator.config.js';
import { ValidatorController } from './validator.controller.js';
import { Validator, type ValidatorPorts } from './validator.js';

@Module({})
class ValidatorModule {}

/**
 * A process of its own: opens what the configuration names, starts the validator, closes everything in the
 * end.
 */
export function validatorModule(config: ValidatorConfig, log: Log): DynamicModule {
  const opened = Symbol('opened');
  const closers = Symbol('closers');
  return moduleOf([
    { provide: opened, useFactory: () => openPorts(config, log) },
    { provide: closers, useFactory: closingAll, inject: [opened] },
    {
      provide: Validator,
      useFactory: ({ ports }: OpenedPorts) => new Validator(config.options, ports),
      inject: [opened],
    },
    lifecycleOf(closers, Validator),
  ]);
}

/** The HTTP side of a validator that lives in this process already; its owner starts, stops and closes it. */
export function validatorHttpModule(validator: Validator): DynamicModule {
  return moduleOf([{ provide: Validator, useValue: validator }]);
}

interface OpenedPorts {
  readonly ports: ValidatorPorts;
  readonly reduction: BlockReduction;
  readonly otherStores: readonly PartStore[];
}

function moduleOf(providers: Provider[]): DynamicModule {
  return {
    module: ValidatorModule,
    controllers: [ValidatorController, HealthController],
    providers: [...providers, healthOf(Validator)],
  };
}

async function openPorts(config: ValidatorConfig, log: Log): Promise<OpenedPorts> {
  const timeouts = { requestTimeoutMs: 10_000, inclusionTimeoutMs: 60_000 };
  const partStore = openPartStore(config.partStore, { log });
  const keyValue = await openKeyValue(config.keyValue);
  const otherStores = config.otherPartStores.map((url) => openPartStore(url, { log, access: 'read' }));
  const reduction = new BlockReduction(config.reduction, { partStore, otherStores, log });
  const ports: ValidatorPorts = {
    chain: await openChain(config.chain.url, {
      ...{ ...config.chain, ...timeouts, log },
      outbox: outboxIn(keyValue, 'validator'),
    }),
    ...{ partStore, otherStores, keyValue },
    jobQueue: openJobQueue(config.jobQueue, { log }),
    reduceBlock: (block) => reduction.reduce(block),
    log,
  };
  return { ports, reduction, otherStores };
}

function closingAll({ ports, reduction, otherStores }: OpenedPorts): Shell {
  const { jobQueue, partStore, keyValue, chain } = ports;
  return closing(jobQueue, reduction, partStore, ...otherStores, chain, keyValue);
}
