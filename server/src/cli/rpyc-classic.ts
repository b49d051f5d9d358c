/**
 * The classic server, after rpyc/cli/rpyc_classic.py: whoever connects drives this Node process.
 * Differs on purpose: it serves JavaScript, and in stdio mode the client speaks first.
 */
import { openSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';

import {
  ClassicService,
  connectStdpipes,
  DEFAULT_PORT,
  DEFAULT_REGISTRY_PORT,
  DEFAULT_SSL_PORT,
  ForkingServer,
  isForkedChild,
  ListenError,
  type Logger,
  OneShotServer,
  type Registrar,
  type Server,
  SlaveService,
  SSLAuthenticator,
  TCPRegistryClient,
  ThreadedServer,
  UDPRegistryClient,
} from '../rpyc/index';

// Children of the forking mode load it from here, be this the program's own file or a bundle.
export { SlaveService };

const USAGE = `Usage: rpyc-classic [SWITCHES]

Serves this Node process: clients import its modules, evaluate and execute JavaScript in it.
Whoever reaches it can do whatever the user can who started it.

  -m, --mode MODE          threaded, forking, oneshot or stdio; threaded unless told

Socket options
  -p, --port PORT          the port to listen on, ${DEFAULT_PORT} unless told, ${DEFAULT_SSL_PORT} with TLS; 0 takes a free one
      --host HOST          the address to listen on; this machine only unless told
      --ipv6               listen on IPv6

Logging
      --logfile FILE       write the log there, after what it holds, and not to standard error
  -q, --quiet              log errors only

TLS
      --ssl-keyfile FILE   the server's private key
      --ssl-certfile FILE  the server's certificate
      --ssl-cafile FILE    authorities of clients, which then have to show a certificate

Registry
      --register           make the server known to a registry
      --registry-type T    UDP or TCP; UDP unless told
      --registry-port PORT the registry's port, ${DEFAULT_REGISTRY_PORT} unless told
      --registry-host HOST where the registry is: all of the network for UDP unless told, needed for TCP

  -h, --help               show this`;

const MODES = ['threaded', 'forking', 'oneshot', 'stdio'] as const;
type Mode = (typeof MODES)[number];

interface Options {
  readonly mode: Mode;
  readonly port: number;
  readonly host: string | undefined;
  readonly ipv6: boolean;
  readonly logfile: string | undefined;
  readonly quiet: boolean;
  readonly authenticator: SSLAuthenticator | undefined;
  readonly registrar: Registrar | undefined;
}

/** The switches themselves are wrong. */
class UsageError extends Error {}

function readSwitches() {
  try {
    return parseArgs({
      options: {
        mode: { type: 'string', short: 'm', default: 'threaded' },
        port: { type: 'string', short: 'p' },
        host: { type: 'string', default: '' },
        ipv6: { type: 'boolean', default: false },
        logfile: { type: 'string' },
        quiet: { type: 'boolean', short: 'q', default: false },
        'ssl-keyfile': { type: 'string' },
        'ssl-certfile': { type: 'string' },
        'ssl-cafile': { type: 'string' },
        register: { type: 'boolean', default: false },
        'registry-type': { type: 'string', default: 'UDP' },
        'registry-port': { type: 'string', default: String(DEFAULT_REGISTRY_PORT) },
        'registry-host': { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    // Node's advice follows in further sentences.
    throw new UsageError(told.split(/\.(?:\s|$)/)[0], { cause: error });
  }
}

type Switches = ReturnType<typeof readSwitches>;

function readOptions(): Options | undefined {
  const values = readSwitches();
  if (values.help) return undefined;
  const mode = MODES.find((known) => known === values.mode.toLowerCase());
  if (mode === undefined) {
    throw new UsageError(`--mode takes ${MODES.join(', ')}, not ${JSON.stringify(values.mode)}`);
  }
  const authenticator = readTls(values);
  const defaultPort = authenticator === undefined ? DEFAULT_PORT : DEFAULT_SSL_PORT;
  return {
    mode,
    port: values.port === undefined ? defaultPort : portNumber('--port', values.port),
    host: values.host === '' ? undefined : values.host,
    ipv6: values.ipv6,
    logfile: values.logfile,
    quiet: values.quiet,
    authenticator,
    registrar: readRegistrar(values),
  };
}

function readTls(values: Switches): SSLAuthenticator | undefined {
  const { 'ssl-keyfile': keyfile, 'ssl-certfile': certfile, 'ssl-cafile': caCerts } = values;
  if (keyfile === undefined && certfile === undefined && caCerts === undefined) return undefined;
  if (keyfile === undefined || certfile === undefined) {
    throw new UsageError('TLS needs both --ssl-keyfile and --ssl-certfile');
  }
  return new SSLAuthenticator({ keyfile, certfile, caCerts });
}

function readRegistrar(values: Switches): Registrar | undefined {
  const type = values['registry-type'].toUpperCase();
  const port = portNumber('--registry-port', values['registry-port']);
  const ip = values['registry-host'];
  if (type !== 'UDP' && type !== 'TCP') {
    throw new UsageError(`--registry-type takes UDP or TCP, not ${JSON.stringify(values['registry-type'])}`);
  }
  if (type === 'UDP')
    return values.register ? new UDPRegistryClient({ port, ...(ip !== undefined && { ip }) }) : undefined;
  if (ip === undefined) throw new UsageError('With a TCP registry, --registry-host is needed');
  return values.register ? new TCPRegistryClient({ ip, port }) : undefined;
}

function portNumber(name: string, text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new UsageError(`${name} takes a whole number up to 65535, not ${JSON.stringify(text)}`);
  }
  return Number(text);
}

/** Lines as Python's logging writes them: level, the server's name, message. */
function logTo(write: (line: string) => void, quiet: boolean, name: () => string): Logger {
  const line = (level: string) => (message: string) => {
    if (!quiet || level === 'ERROR') write(`${level}:${name()}:${message.replace(/[\r\n]/g, ' ')}\n`);
  };
  const ignore = (): void => undefined;
  return { trace: ignore, debug: ignore, info: line('INFO'), warn: line('WARNING'), error: line('ERROR') };
}

function lineWriter(logfile: string | undefined): (line: string) => void {
  if (logfile === undefined) return (line) => process.stderr.write(line);
  const file = openSync(logfile, 'a');
  return (line) => {
    try {
      writeSync(file, line);
    } catch {
      // A server without a log is better than none, on a full disk for instance.
    }
  };
}

async function serve(options: Options): Promise<void> {
  const { mode, port, host, ipv6, logfile, quiet, authenticator, registrar } = options;
  if (mode === 'stdio') {
    await serveStdio();
    return;
  }
  let server: Server | undefined;
  let known = port;
  // What has stopped listening has no port any more, and its last lines have its name all the same.
  const name = (): string => `SLAVE/${(known = server?.port || known)}`;
  const logger = logTo(lineWriter(logfile), quiet, name);
  const common = { hostname: host, port, ipv6, reuseAddr: true, authenticator, registrar, logger };
  const service = SlaveService;
  if (mode === 'threaded') server = new ThreadedServer({ ...common, service });
  else if (mode === 'oneshot') server = new OneShotServer({ ...common, service });
  else server = new ForkingServer({ ...common, service: { module: __filename, export: 'SlaveService' } });
  const running = server;
  // Whoever reads that it is ready may end it at once.
  endOnSignal(() => {
    logger.warn('keyboard interrupt!');
    void running.close();
  });
  await running.start();
  if (mode === 'oneshot') process.stdout.write(`rpyc-oneshot\n${running.host}\t${running.port}\n`);
  await running.ended;
}

/** What the program prints goes to standard error from here on. */
async function serveStdio(): Promise<void> {
  const connection = await connectStdpipes({ service: ClassicService });
  endOnSignal(() => void connection.close());
  await connection.serveAll();
}

function endOnSignal(end: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
}

async function main(): Promise<void> {
  try {
    const options = readOptions();
    if (options === undefined) {
      process.stdout.write(`${USAGE}\n`);
      return;
    }
    await serve(options);
    // What clients have left running, such as timers, ends with the server.
    process.exit();
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const hint = isUsage ? '; rpyc-classic -h explains the switches' : '';
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

if (!isForkedChild()) void main();
