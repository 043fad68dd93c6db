/** Clients that take connections and give nothing: slow ones, idle ones, and such as ask and never read. */
import { connect, type Socket } from 'node:net';

export interface Hostility {
  /** Send a request's body by one byte a second. */
  readonly slow: number;
  /** Open a connection and say nothing. */
  readonly idle: number;
  /** Ask again and again over one connection, and read no answer. */
  readonly deaf: number;
}

export interface HostileOptions extends Hostility {
  readonly url: string;
  /** Asked by those that never read. */
  readonly path: string;
}

const byteEveryMs = 1_000;
const askEveryMs = 10;
const againAfterMs = 50;

/** Whoever is cut off comes back, until `close`. */
export class HostileClients {
  readonly #options: HostileOptions;
  readonly #open = new Set<Socket>();
  #isClosed = false;
  /** Connections that the other side ended. */
  readonly cutOff: Record<keyof Hostility, number> = { slow: 0, idle: 0, deaf: 0 };

  constructor(options: HostileOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#open.size;
  }

  async open(): Promise<void> {
    const { slow, idle, deaf } = this.#options;
    const kinds = Object.entries({ slow, idle, deaf }) as [keyof Hostility, number][];
    await Promise.all(
      kinds.flatMap(([kind, count]) => Array.from({ length: count }, () => this.#connect(kind))),
    );
  }

  close(): void {
    this.#isClosed = true;
    for (const socket of this.#open) socket.destroy();
  }

  #connect(kind: keyof Hostility): Promise<void> {
    const { hostname, port } = new URL(this.#options.url);
    return new Promise((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        if (kind === 'slow') this.#drip(socket);
        if (kind === 'deaf') this.#ask(socket);
        resolve();
      });
      this.#open.add(socket);
      // Whatever is read is thrown away; the deaf stop reading again.
      socket.resume();
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#open.delete(socket);
        resolve();
        if (this.#isClosed) return;
        this.cutOff[kind]++;
        setTimeout(() => this.#isClosed || this.#connect(kind), againAfterMs).unref();
      });
    });
  }

  #drip(socket: Socket): void {
    const path = `/v1/channels/0x${'00'.repeat(32)}/records`;
    const headers = 'host: here\r\ncontent-type: application/vnd.papyrus.batch\r\ncontent-length: 65536';
    socket.write(`POST ${path} HTTP/1.1\r\n${headers}\r\n\r\n`);
    const timer = setInterval(() => socket.write('x'), byteEveryMs);
    socket.once('close', () => clearInterval(timer));
  }

  #ask(socket: Socket): void {
    socket.pause();
    const request = `GET ${this.#options.path} HTTP/1.1\r\nhost: here\r\n\r\n`;
    const timer = setInterval(() => socket.write(request), askEveryMs);
    socket.once('close', () => clearInterval(timer));
  }
}
