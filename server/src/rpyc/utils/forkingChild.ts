/*
 * The child process of a `ForkingServer`, which serves one client and ends: what follows `os.fork` in
 * rpyc/utils/server.py. The file that holds this code is run again for it, be it this one or a bundle.
 */

import { realpathSync } from 'node:fs';
import { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

import { errorText } from '../lib/errorText';
import type { Logger } from '../lib/logger';
import { SSLAuthenticator, type SSLAuthenticatorOptions } from './authenticators';
import { ClientHandler } from './clientHandler';
import type { Authenticator, ClientOptions } from './serverOptions';
import { loadAuthenticator, loadService, type ModuleExport } from './serviceModule';

/** The child's first argument. */
export const FORKED_CHILD = '--serve-forked-client';

/** The file to run. */
export const CHILD_PROGRAM = __filename;

/** How an authenticator travels to the child. */
export type NamedAuthenticator = { readonly tls: SSLAuthenticatorOptions } | { readonly named: ModuleExport };

/** What a child is told to do; the client's socket comes along. */
export interface ServeOrder extends Omit<ClientOptions, 'authenticator' | 'logger'> {
  readonly kind: 'serve';
  readonly service: ModuleExport;
  readonly authenticator: NamedAuthenticator | undefined;
}

export type Order = ServeOrder | { readonly kind: 'close' };

export type LogLevel = keyof Logger;

/** What a child tells. */
export interface LogMessage {
  readonly level: LogLevel;
  readonly message: string;
}

/** Whether this process is such a child: a program that serves by a `ForkingServer` must not do its own work then. */
export function isForkedChild(): boolean {
  return process.argv[2] === FORKED_CHILD && process.send !== undefined;
}

/** Stdin, stdout, stderr and the channel to the parent come before it. */
const LIFELINE_FD = 4;

/** Ends this process, however busy it is, when the parent is gone for longer than a goodbye takes. */
const WATCH = `
const { Socket } = require('node:net');
const end = () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), 5000);
new Socket({ fd: ${LIFELINE_FD} }).on('error', () => undefined).on('close', end).resume();
`;

/** Longer than a connection takes to say goodbye. */
const LONGEST_END_MS = 4500;

function main(): void {
  // The keys that interrupt a program reach its children as well; whether they end is the parent's to say.
  process.on('SIGINT', () => undefined);
  let handler: ClientHandler | undefined;
  const end = (): void => {
    setTimeout(() => process.exit(1), LONGEST_END_MS).unref();
    void Promise.resolve(handler?.close()).then(() => process.exit(0));
  };
  process.on('disconnect', end);
  process.on('message', (order: Order, socket: unknown) => {
    if (order.kind === 'close') {
      end();
      return;
    }
    void serve(order, socket, (made) => {
      handler = made;
    }).then(
      () => leave(0),
      (error: unknown) => {
        logger.error(`The child cannot serve: ${errorText(error)}`);
        leave(1);
      },
    );
  });
}

async function serve(
  order: ServeOrder,
  socket: unknown,
  made: (handler: ClientHandler) => void,
): Promise<void> {
  // The client may have left while the child began.
  if (!(socket instanceof Socket)) return;
  socket.on('error', () => undefined);
  try {
    const service = await loadService(order.service);
    const authenticator = await authenticatorOf(order.authenticator);
    const handler = new ClientHandler({ ...order, service, authenticator, logger });
    made(handler);
    new Worker(WATCH, { eval: true }).unref();
    await handler.handle(socket);
  } finally {
    socket.destroy();
  }
}

async function authenticatorOf(named: NamedAuthenticator | undefined): Promise<Authenticator | undefined> {
  if (named === undefined) return undefined;
  return 'tls' in named ? new SSLAuthenticator(named.tls) : await loadAuthenticator(named.named);
}

/** Ends the process once the parent has read what was said. */
function leave(code: number): void {
  if (process.connected && process.send !== undefined) {
    process.send({ level: 'debug', message: 'child terminated' }, () => process.exit(code));
  } else {
    process.exit(code);
  }
}

function say(level: LogLevel, message: string): void {
  if (process.connected) process.send?.({ level, message } satisfies LogMessage, () => undefined);
}

const logger: Logger = {
  trace: () => undefined,
  debug: (message) => say('debug', message),
  info: (message) => say('info', message),
  warn: (message) => say('warn', message),
  error: (message) => say('error', message),
};

function isThisFile(program: string): boolean {
  try {
    return realpathSync(program) === realpathSync(__filename);
  } catch {
    return false;
  }
}

// Where several copies of the library are loaded, the one that was started serves.
if (isForkedChild() && isThisFile(process.argv[1] ?? '')) main();
