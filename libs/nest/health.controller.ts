/** `/health/live` and `/health/ready` of every service. */
import {
  Controller,
  type FactoryProvider,
  Get,
  Header,
  Inject,
  type InjectionToken,
  Res,
} from '@nestjs/common';
import { endpoints, type ReadinessView } from '#api';

const { showLiveness, showReadiness } = endpoints;

/** A shell that knows whether it can do its work. */
export interface AskedForReadiness {
  /** Every reason why it cannot, asked for now; none if it can. */
  readiness(): Promise<ReadinessView>;
}

const asked = Symbol('asked for readiness');

@Controller()
export class HealthController {
  readonly #asked: AskedForReadiness;
  #asking: Promise<ReadinessView> | undefined;

  constructor(@Inject(asked) shell: AskedForReadiness) {
    this.#asked = shell;
  }

  @Get(showLiveness.path)
  @Header('cache-control', 'no-store')
  live(): { live: true } {
    return { live: true };
  }

  @Get(showReadiness.path)
  @Header('cache-control', 'no-store')
  async ready(
    @Res({ passthrough: true }) reply: { status(status: number): unknown },
  ): Promise<ReadinessView> {
    const view = await this.#ask();
    if (view.reasons.length > 0) reply.status(showReadiness.otherStatus ?? showReadiness.status);
    return view;
  }

  /** However many ask, chain and stores are asked once at a time. */
  #ask(): Promise<ReadinessView> {
    this.#asking ??= this.#asked.readiness().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }
}

/** Provides the shell behind `token` to the `HealthController` of the same module. */
export function healthOf(token: InjectionToken): FactoryProvider<AskedForReadiness> {
  return { provide: asked, useFactory: (shell: AskedForReadiness) => shell, inject: [token] };
}
