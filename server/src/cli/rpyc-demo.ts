/**
 * The embedded demo: serves a small lab that lives, on this machine only.
 * `npm start` shows it; it is also a service to try a client on, the same each time for the same seed.
 */
import { parseArgs } from 'node:util';

import { ListenError } from '../rpyc/index';
import { startLabDemo } from './demo/labDemo';

const HOST = '127.0.0.1';
const DEFAULT_PORT = 18861;
const DEFAULT_SEED = 1;

const USAGE = `Usage: rpyc-demo [--port PORT] [--seed SEED] [--json] [--end-with-stdin]

  --port PORT       port on ${HOST}, ${DEFAULT_PORT} unless told; 0 takes a free one
  --seed SEED       a whole number; the same one gives the same readings
  --json            say where it listens as one line of JSON
  --end-with-stdin  end when standard input does`;

interface Options {
  readonly port: number;
  readonly seed: number;
  readonly json: boolean;
  readonly endWithStdin: boolean;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: String(DEFAULT_PORT) },
      seed: { type: 'string', default: String(DEFAULT_SEED) },
      json: { type: 'boolean', default: false },
      'end-with-stdin': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    port: wholeNumber('--port', values.port, 65_535),
    seed: wholeNumber('--seed', values.seed, 2 ** 32 - 1),
    json: values.json,
    endWithStdin: values['end-with-stdin'],
  };
}

function wholeNumber(name: string, text: string, maximum: number): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > maximum) {
    throw new RangeError(`${name} takes a whole number up to ${maximum}, not ${text}`);
  }
  return Number(text);
}

async function serve({ port, seed, json, endWithStdin }: Options): Promise<void> {
  const demo = await startLabDemo(port, seed);
  // Whoever reads that it is ready may end it at once.
  const told = untilTold(endWithStdin);
  const place = { ...demo.address, pid: process.pid };
  console.log(
    json ? JSON.stringify(place) : `Serving the lab bench on ${place.host}:${place.port}; Ctrl-C ends it`,
  );
  await told;
  await demo.close();
}

function untilTold(endWithStdin: boolean): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      process.stdin.destroy();
      resolve();
    };
    process.once('SIGINT', settle);
    process.once('SIGTERM', settle);
    if (endWithStdin) process.stdin.on('end', settle).on('error', settle).resume();
  });
}

async function main(): Promise<void> {
  try {
    const options = readOptions();
    if (options === undefined) console.log(USAGE);
    else await serve(options);
  } catch (error) {
    console.error(`Error: ${error instanceof Error ? explain(error) : String(error)}`);
    process.exitCode = 1;
  }
}

function explain(error: Error): string {
  const { code } = (error instanceof ListenError ? error.cause : error) as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'That port is taken: choose another with --port, or 0 for a free one';
  if (code === 'EACCES') return 'That port is reserved: choose one above 1023 with --port';
  return error.message;
}

void main();
