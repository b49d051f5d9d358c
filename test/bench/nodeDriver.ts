/** Our side of the benchmarks, in a process of its own: takes one line of JSON for each task and answers with one. */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

import { Packr } from 'msgpackr';

import {
  brine,
  type BrineValue,
  classic,
  connect,
  type Connection,
  type Netref,
  type Path,
  Service,
  sslConnect,
  ThreadedServer,
  unixConnect,
} from '../../server/src/rpyc/index';
import type { Task } from './driver';
import { RawClient } from './rawClient';

type Samples = readonly number[];

class BenchService extends Service {
  readonly exposed_value = 7;

  exposed_add(left: number, right: number): number {
    return left + right;
  }
}

/** What the tasks work on: an object of the peer's with `value` and `add`. */
let connection: Connection | undefined;
let target: Netref | Path | undefined;
let raw: RawClient | undefined;
const values = new Map<string, BrineValue>();
const packr = new Packr();

function connected(): Connection {
  if (connection === undefined) throw new Error('Not connected');
  return connection;
}

function remote(): Record<'value' | 'add', Path> {
  if (target === undefined) throw new Error('Not connected');
  return target as unknown as Record<'value' | 'add', Path>;
}

async function timed(count: number, work: () => PromiseLike<unknown>): Promise<Samples> {
  const samples: number[] = [];
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    await work();
    samples.push((performance.now() - start) * 1000);
  }
  return samples;
}

function timedNow(count: number, work: () => unknown): Samples {
  const samples: number[] = [];
  for (let n = 0; n < count; n++) {
    const start = performance.now();
    work();
    samples.push((performance.now() - start) * 1000);
  }
  return samples;
}

/** Keeps so many calls open; a sample is the time for each call of one turn of the window. */
async function inFlight(count: number, width: number): Promise<Samples> {
  const add = (await remote().add) as Netref;
  const window: Promise<unknown>[] = [];
  const begin = (): void => void window.push(add(1, 2).then((value) => value));
  for (let n = 0; n < width; n++) begin();
  const samples = await timed(count, async () => {
    for (let n = 0; n < width; n++) {
      await window.shift();
      begin();
    }
  });
  await Promise.all(window);
  return samples.map((sample) => sample / width);
}

async function bursts(count: number, size: number): Promise<Samples> {
  return await timed(count, () => Promise.all(Array.from({ length: size }, () => remote().add(1, 2))));
}

function value(name: unknown): BrineValue {
  return values.get(String(name)) ?? null;
}

const tasks: Readonly<Record<string, (task: Record<string, unknown>) => Promise<Samples> | Samples>> = {
  async connect({ kind, port, source, path, ca }) {
    if (kind === 'classic') {
      const made = await classic.connect('127.0.0.1', Number(port));
      connection = made;
      await made.execute(String(source));
      target = await made.eval<Netref>('target');
      return [];
    }
    if (kind === 'tls')
      connection = await sslConnect('127.0.0.1', Number(port), { ca: await readFile(String(ca)) });
    else if (kind === 'unix') connection = await unixConnect(String(path));
    else connection = await connect('127.0.0.1', Number(port));
    target = (await connection.root) as Netref;
    return [];
  },
  async rawConnect({ port, host, dialect }) {
    raw = await RawClient.connect(String(host), Number(port), String(dialect));
    return [];
  },
  raw: ({ count }) =>
    timed(Number(count), () => raw?.roundTrip() ?? Promise.reject(new Error('Not connected'))),
  getattr: ({ count }) => timed(Number(count), () => remote().value),
  async call({ count }) {
    const add = (await remote().add) as Netref;
    return await timed(Number(count), () => add(1, 2));
  },
  add: ({ count }) => timed(Number(count), () => remote().add(1, 2)),
  inFlight: ({ count, width }) => inFlight(Number(count), Number(width)),
  bursts: ({ count, size }) => bursts(Number(count), Number(size)),
  upload: ({ from, to }) => timed(1, () => classic.upload(connected(), String(from), String(to))),
  download: ({ from, to }) => timed(1, () => classic.download(connected(), String(from), String(to))),
  brineValues({ values: encoded }) {
    for (const [name, text] of Object.entries(encoded as Record<string, string>)) {
      values.set(name, brine.load(Buffer.from(text, 'base64')));
    }
    return [];
  },
  brineDump({ name, count }) {
    const one = value(name);
    return timedNow(Number(count), () => brine.dump(one));
  },
  brineLoad({ name, count }) {
    const bytes = brine.dump(value(name));
    return timedNow(Number(count), () => brine.load(bytes));
  },
  packrDump({ name, count }) {
    const one = value(name);
    return timedNow(Number(count), () => packr.pack(one));
  },
  packrLoad({ name, count }) {
    const bytes = packr.pack(value(name));
    return timedNow(Number(count), () => packr.unpack(bytes) as unknown);
  },
};

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function tell(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function work(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const task = JSON.parse(line) as Task;
    const before = cpuSeconds();
    try {
      const samples = await tasks[task.task]?.(task);
      tell({ samples, cpuSeconds: cpuSeconds() - before });
    } catch (error) {
      tell({ error: error instanceof Error ? error.stack : String(error) });
    }
  }
  process.exit();
}

async function serve(): Promise<void> {
  const server = new ThreadedServer({ service: BenchService });
  await server.start();
  tell({ port: server.port });
  // The server ends with whoever started it.
  process.stdin.on('end', () => process.exit()).resume();
}

void (process.argv[2] === 'serve' ? serve() : work());
