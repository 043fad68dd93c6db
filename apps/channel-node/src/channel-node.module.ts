/** Composition root of the channel node: the only file of the app that names adapters. */
import { type DynamicModule, Module } from '@nestjs/common';
import type { Chain } from '#chain';
import { openChain } from '#chain/open-chain';
import { type Log, systemClock } from '#environment';
import { openKeyValue } from '#key-value/open-key-value';
import { closing, HealthController, healthOf, LifecycleHost, type Shell } from '#nest';
import { openRecordLog } from '#record-log/open-record-log';
import type { ChannelNodeConfig, ChannelNodeSecrets } from './channel-node.config.js';
import { ChannelNodeController } from './channel-node.controller.js';
import { ChannelNode } from './channel-node.js';

@Module({})
export class ChannelNodeModule {
  /** Around a node that exists; `shells` start and stop with the app, in this order and in the reverse. */
  static for(node: ChannelNode, shells: readonly Shell[]): DynamicModule {
    return {
      module: ChannelNodeModule,
      controllers: [ChannelNodeController, HealthController],
      providers: [
        { provide: ChannelNode, useFactory: () => node },
        healthOf(ChannelNode),
        { provide: LifecycleHost, useFactory: () => new LifecycleHost(shells) },
      ],
    };
  }

  /** With adapters of its own, as the configuration names them. */
  static async of(config: ChannelNodeConfig, secrets: ChannelNodeSecrets, log: Log): Promise<DynamicModule> {
    const chain: Chain = await openChain(config.chain.url, {
      ...config.chain,
      requestTimeoutMs: config.requestTimeoutMs,
      inclusionTimeoutMs: config.requestTimeoutMs,
      log,
    });
    const recordLog = await openRecordLog(config.recordLog, { access: 'own' });
    const keyValue = await openKeyValue(config.keyValue);
    const { account, requestTimeoutMs, sweepIntervalMs, heightIntervalMs } = config;
    const { impressionBytesMax, exposureLimit, coverLimit } = config;
    const limits = { impressionBytesMax, exposureLimit, coverLimit };
    const bounds = { requestTimeoutMs, sweepIntervalMs, heightIntervalMs, ...limits };
    const options = { account, ...bounds, operatorKey: secrets.operatorKey };
    const node = new ChannelNode(options, { recordLog, keyValue, chain, clock: systemClock, log });
    return ChannelNodeModule.for(node, [closing(chain), closing(recordLog), closing(keyValue), node]);
  }
}
