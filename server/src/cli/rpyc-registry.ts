/**
 * The registry program, after rpyc/cli/rpyc_registry.py: services register with it, clients ask it where they are.
 * Differs on purpose: `--host` says where it listens, `--listing` and `--quiet` need no value, `--listing False` is no, and `--ipv6` works for TCP too.
 */
import { openSync, writeSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { parseArgs } from 'node:util';

import {
  DEFAULT_PRUNING_TIMEOUT,
  DEFAULT_REGISTRY_PORT,
  ListenError,
  type Logger,
  type RegistryServer,
  TCPRegistryServer,
  UDPRegistryServer,
} from '../rpyc/index';

const USAGE = `Usage: rpyc-registry [SWITCHES]

Keeps a list of RPyC services, which register with it, and tells clients that ask for one where it runs.
Anyone who reaches it may register anything: what it answers is a hint.

  -m, --mode MODE        UDP or TCP; UDP unless told, which answers broadcasts too
  -p, --port PORT        the port to listen on, ${DEFAULT_REGISTRY_PORT} unless told; 0 takes a free one
      --host HOST        the address to listen on; every one of this machine unless told, as the original does
  -6, --ipv6             listen on IPv6 as well as on IPv4
  -t, --timeout SECONDS  forget a service that did not register again for so long, ${DEFAULT_PRUNING_TIMEOUT} unless told
  -l, --listing [BOOL]   tell the names of all services to whoever asks
      --logfile FILE     write the log there, after what it holds, and not to standard error
  -q, --quiet            log errors only
  -h, --help             show this`;

interface Options {
  readonly mode: 'UDP' | 'TCP';
  readonly host: string | undefined;
  readonly port: number;
  readonly ipv6: boolean;
  readonly pruningTimeout: number;
  readonly allowListing: boolean;
  readonly logfile: string | undefined;
  readonly quiet: boolean;
}

/** The switches themselves are wrong. */
class UsageError extends Error {}

const LONGEST_TIMEOUT_SECONDS = 2 ** 31 - 1;

function readOptions(args: readonly string[]): Options | undefined {
  const values = readSwitches(args);
  if (values.help) return undefined;
  const mode = values.mode.toUpperCase();
  if (mode !== 'UDP' && mode !== 'TCP')
    throw new UsageError(`--mode takes UDP or TCP, not ${JSON.stringify(values.mode)}`);
  return {
    mode,
    port: wholeNumber('--port', values.port, 65_535),
    host: values.host,
    ipv6: values.ipv6 || isIPv6(values.host ?? ''),
    pruningTimeout: wholeNumber('--timeout', values.timeout, LONGEST_TIMEOUT_SECONDS),
    allowListing: isYes('--listing', values.listing),
    logfile: values.logfile,
    quiet: isYes('--quiet', values.quiet),
  };
}

interface Switches {
  readonly mode: string;
  readonly host?: string;
  readonly port: string;
  readonly ipv6: boolean;
  readonly timeout: string;
  readonly listing: string;
  readonly logfile?: string;
  readonly quiet: string;
  readonly help: boolean;
}

function readSwitches(args: readonly string[]): Switches {
  try {
    return parseArgs({
      args: withValues(args),
      options: {
        mode: { type: 'string', short: 'm', default: 'UDP' },
        port: { type: 'string', short: 'p', default: String(DEFAULT_REGISTRY_PORT) },
        host: { type: 'string' },
        ipv6: { type: 'boolean', short: '6', default: false },
        timeout: { type: 'string', short: 't', default: String(DEFAULT_PRUNING_TIMEOUT) },
        listing: { type: 'string', default: 'false' },
        logfile: { type: 'string' },
        quiet: { type: 'string', default: 'false' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    // Node's advice follows in further sentences.
    throw new UsageError(told.split(/\.(?:\s|$)/)[0], { cause: error });
  }
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'yes', 'on', '1'].map((word): [string, boolean] => [word, true]),
  ...['false', 'no', 'off', '0'].map((word): [string, boolean] => [word, false]),
]);

const VALUE_OPTIONAL: ReadonlyMap<string, string> = new Map([
  ['-l', '--listing'],
  ['--listing', '--listing'],
  ['-q', '--quiet'],
  ['--quiet', '--quiet'],
]);

/** The original wants a value after these, here they may stand alone. */
function withValues(args: readonly string[]): string[] {
  const all: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    const name = VALUE_OPTIONAL.get(arg);
    const next = args[index + 1];
    const hasValue = next !== undefined && BOOLEANS.has(next.toLowerCase());
    all.push(name === undefined ? arg : `${name}=${hasValue ? next : 'true'}`);
    if (name !== undefined && hasValue) index++;
  }
  return all;
}

function isYes(name: string, text: string): boolean {
  const value = BOOLEANS.get(text.toLowerCase());
  if (value === undefined) throw new UsageError(`${name} takes True or False, not ${JSON.stringify(text)}`);
  return value;
}

function wholeNumber(name: string, text: string, maximum: number): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > maximum) {
    throw new UsageError(`${name} takes a whole number up to ${maximum}, not ${JSON.stringify(text)}`);
  }
  return Number(text);
}

/** Lines as Python's logging writes them: time, level, the server's name, message. */
function logTo(write: (line: string) => void, quiet: boolean, name: () => string): Logger {
  const line = (level: string) => (message: string) => {
    if (quiet && level !== 'ERROR') return;
    write(`${timeText(new Date())} ${level}${quiet ? '' : ` ${name()}`}: ${message}\n`);
  };
  const debug = line('DEBUG');
  return { trace: debug, debug, info: line('INFO'), warn: line('WARNING'), error: line('ERROR') };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function timeText(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  return `${MONTHS[time.getMonth()] ?? ''} ${two(time.getDate())} ${clock}`;
}

function lineWriter(logfile: string | undefined): (line: string) => void {
  if (logfile === undefined) return (line) => process.stderr.write(line);
  const file = openSync(logfile, 'a');
  return (line) => {
    try {
      writeSync(file, line);
    } catch {
      // A registry without a log is better than none, on a full disk for instance.
    }
  };
}

async function serve(options: Options): Promise<void> {
  const { mode, logfile, quiet } = options;
  const logger = logTo(lineWriter(logfile), quiet, () => `REGSRV/${mode}/${server.port || options.port}`);
  const server: RegistryServer =
    mode === 'UDP'
      ? new UDPRegistryServer({ ...options, logger })
      : new TCPRegistryServer({ ...options, logger });
  // Whoever reads that it is ready may end it at once.
  const told = untilTold();
  await server.start();
  logger.warn(`Ends by ${await told}`);
  await server.close();
}

function untilTold(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
}

async function main(): Promise<void> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === undefined) process.stdout.write(`${USAGE}\n`);
    else await serve(options);
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const hint = isUsage ? '; rpyc-registry -h explains the switches' : '';
    process.stderr.write(`Error: ${error instanceof Error ? explain(error) : String(error)}${hint}\n`);
    process.exitCode = isUsage ? 2 : 1;
  }
}

function explain(error: Error): string {
  const { code } = (error instanceof ListenError ? error.cause : error) as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'That port is taken: choose another with --port, or 0 for a free one';
  if (code === 'EACCES') return `Not allowed: ${error.message}`;
  return error.message;
}

void main();
