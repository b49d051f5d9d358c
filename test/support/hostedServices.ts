/** Services that other threads and processes load by name, and a program that serves its parent. */
import { writeSync } from 'node:fs';

import { type Connection, connectStdpipes, Service } from '../../server/src/rpyc/index';

export class CounterService extends Service {
  #count: number;

  constructor(options: { readonly start: number } = { start: 0 }) {
    super();
    this.#count = options.start;
  }

  exposed_add(amount: number): number {
    this.#count += amount;
    return this.#count;
  }

  exposed_pid(): number {
    return process.pid;
  }

  exposed_print(text: string): void {
    // Straight to the descriptor: what a library may do that knows nothing of streams.
    process.stdout.write(text);
  }

  async exposed_use(call: (value: number) => Promise<number>, value: number): Promise<number> {
    return await call(value);
  }

  exposed_linger(): void {
    setInterval(() => undefined, 1000);
  }

  /** Keeps its thread from doing anything else, for ever. */
  exposed_hang(): void {
    for (;;);
  }
}

export function makeCounter(options: { readonly start: number }): Promise<CounterService> {
  return Promise.resolve(new CounterService(options));
}

/** Refuses its owner, by itself or after it has asked it. */
export class RefusingService extends Service {
  constructor(private readonly options: { readonly asks?: boolean; readonly refuses?: boolean }) {
    super();
  }

  override async onConnect(connection: Connection): Promise<void> {
    if (this.options.asks === true) await connection.root['welcome']?.();
    if (this.options.refuses === true) throw new Error('the disk is full');
  }
}

export function refusingService(options: { readonly asks?: boolean; readonly refuses?: boolean }): Service {
  return new RefusingService(options);
}

export const notAService = { answer: 42 };

async function serveParent(): Promise<void> {
  const connection = await connectStdpipes({ service: CounterService });
  await connection.serveAll();
  writeSync(2, 'served\n');
}

if (process.argv[2] === 'serve-parent') void serveParent();
