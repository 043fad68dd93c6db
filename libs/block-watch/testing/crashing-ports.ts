/** Ports that break at the n-th call, before or after the call took effect: a crash between any two steps. */
import { Fault } from '#environment';

export class CrashPoint {
  #left: number;
  readonly #isAfter: boolean;
  calls = 0;

  /** Breaks at call `at` (0, 1, …) of all wrapped ports together. */
  constructor(at: number, isAfter: boolean) {
    this.#left = at;
    this.#isAfter = isAfter;
  }

  get hasCrashed(): boolean {
    return this.#left < 0;
  }

  /** The port with every asynchronous method counted; what it hands out (acts, snapshots) is wrapped too. */
  wrap<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target) as unknown;
        if (typeof member !== 'function') return member;
        return (...given: unknown[]) => {
          const call = (): unknown => member.apply(target, given);
          if (typeof name === 'string' && name.endsWith('Acts')) return this.wrap(call() as object);
          if (name === 'subscribe' || name === 'bytes' || name === 'nowMs') return call();
          if (name === 'read' || name === 'list' || name === 'getMany') {
            this.#step();
            return call();
          }
          return this.#guard(call as () => Promise<unknown>);
        };
      },
    });
  }

  async #guard(call: () => Promise<unknown>): Promise<unknown> {
    if (!this.#isAfter) this.#step();
    const result = await call();
    if (this.#isAfter) this.#step();
    return isSnapshot(result) ? this.wrap(result) : result;
  }

  #step(): void {
    // A process that has crashed does nothing more.
    if (this.#left-- <= 0) {
      this.#left = -1;
      throw new Fault('crashed', 'the process ended here', { retriable: true });
    }
    this.calls++;
  }
}

function isSnapshot(result: unknown): result is object {
  return typeof result === 'object' && result !== null && 'blockFacts' in result;
}
