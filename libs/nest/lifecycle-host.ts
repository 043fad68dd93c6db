/** Starts the shells of a process with it and stops them after the last request was answered. */
import type {
  FactoryProvider,
  InjectionToken,
  OnApplicationBootstrap,
  OnApplicationShutdown,
} from '@nestjs/common';
import { endEach } from '#environment';

export interface Shell {
  start(): void | Promise<void>;
  /** Drains: resolves when nothing of it is under way any more. */
  stop(): Promise<void>;
}

export class LifecycleHost implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #shells: readonly Shell[];

  constructor(shells: readonly Shell[]) {
    this.#shells = shells;
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const shell of this.#shells) await shell.start();
  }

  /** Nest calls it after the HTTP server has closed. */
  onApplicationShutdown(): Promise<void> {
    return endEach([...this.#shells].reverse().map((shell) => () => shell.stop()));
  }
}

/** Provides the host of the shells behind `tokens`: started in this order, stopped in the reverse one. */
export function lifecycleOf(...tokens: InjectionToken[]): FactoryProvider<LifecycleHost> {
  return {
    provide: LifecycleHost,
    useFactory: (...shells: Shell[]) => new LifecycleHost(shells),
    inject: tokens,
  };
}

/** Ports as a shell that does nothing but close them, in this order: list it before those that use them. */
export function closing(...ports: readonly { close(): Promise<void> }[]): Shell {
  return { start: () => {}, stop: () => endEach(ports.map((port) => () => port.close())) };
}
