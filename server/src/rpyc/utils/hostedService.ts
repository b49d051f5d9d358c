/*
 * A service in a thread or a process of its own, for connect_thread and connect_multiprocess of rpyc/utils/factory.py.
 * Differs on purpose: no port is opened, since a message port or a pipe of the child's joins the two sides; and the
 * service is named, since a class cannot cross.
 */

import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { MessageChannel, type MessagePort, Worker, workerData } from 'node:worker_threads';

import { Channel, encodeFrame, readFrame } from '../core/channel';
import type { Config } from '../core/config';
import { aborted } from '../core/connectErrors';
import { ConnectError, ErrorCode } from '../core/errors';
import { type EndOwned, PortDuplex } from '../core/joinedDuplex';
import { Service, VoidService } from '../core/service';
import { DuplexStream } from '../core/stream';
import { SubprocessStream } from '../core/subprocessStream';
import { after, onAbort, withTimeout } from '../lib/deferred';
import { SlaveService } from './classicServices';

/** Names a service for another thread or process to load. */
export interface ServiceReference {
  /** A file with its whole path, a `file:` URL, or a package that is found from the current folder. */
  readonly module: string;
  /** An export of the module: a class derived from `Service`, a service object, or a function that gives one. */
  readonly export: string;
  /** Given to the class or the function. Plain data, as JSON has it. */
  readonly options?: unknown;
}

/** `slave` serves classic mode, `void` nothing. */
export type HostedService = ServiceReference | 'slave' | 'void';

/** What the host is told, as JSON in the first frame; its own first frame says whether the service is there. */
interface Setup {
  readonly service: HostedService;
  readonly config: Partial<Config>;
}

export interface HostOptions {
  readonly service: HostedService;
  /** RPyC's configuration of the other side; plain data. */
  readonly config?: Partial<Config> | undefined;
  /** Seconds until the service has to be there. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
  /** Seconds that the other side has to end by itself; 3 by default. */
  readonly killAfter?: number | undefined;
}

/** Both sides are of this version. */
export const HOSTED_DIALECT = 'D';
const DEFAULT_KILL_SECONDS = 3;

/** Runs in the thread: the library is the file that this code is in, bundled or not. */
const THREAD_CODE = `
const { workerData } = require('node:worker_threads');
void require(workerData.library).serveInThread((address) => import(address));
`;
const PROCESS_CODE = 'void require(process.argv[1]).serveInProcess((address) => import(address));';

/** Starts a thread that serves; the stream to it owns it. */
export async function openThread(options: HostOptions): Promise<DuplexStream> {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(THREAD_CODE, {
    eval: true,
    workerData: { library: __filename, port: port2 },
    transferList: [port2],
  });
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  const { killAfter = DEFAULT_KILL_SECONDS } = options;
  const end: EndOwned = async (isPolite) => {
    const force = after(isPolite ? killAfter : 0, () => void worker.terminate());
    await ended;
    force.dispose();
  };
  const duplex = new PortDuplex(port1, end);
  worker.on('error', (error) => duplex.destroy(error));
  return await introduce(new DuplexStream(duplex, `thread ${worker.threadId}`), options);
}

export interface ProcessHostOptions extends HostOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Switches of Node for the child; none by default. */
  readonly execArgv?: readonly string[] | undefined;
}

/** Starts a Node process that serves; the stream to it owns it. */
export async function openProcess(options: ProcessHostOptions): Promise<SubprocessStream> {
  const args = [process.execPath, ...(options.execArgv ?? []), '-e', PROCESS_CODE, __filename];
  const { env, killAfter } = options;
  const onStderr = (text: string): void => void process.stderr.write(text);
  return await introduce(
    await SubprocessStream.open(args, { over: 'descriptor', env, killAfter, onStderr }),
    options,
  );
}

async function introduce<T extends DuplexStream>(stream: T, options: HostOptions): Promise<T> {
  const { service, config = {}, timeout, signal } = options;
  const late = (): Error =>
    new ConnectError(`The service was not there within ${timeout} seconds`, ErrorCode.timeout);
  const gone = new Promise((resolve) => stream.onDidClose(resolve));
  const abort = onAbort(signal, () => stream.destroy());
  try {
    stream.write(encodeFrame(Buffer.from(JSON.stringify({ service, config } satisfies Setup)), PLAIN));
    const answer = Buffer.from(await withTimeout(readFrame(stream), timeout, late)).toString();
    if (answer !== READY) throw new Error(answer);
    return stream;
  } catch (error) {
    stream.destroy();
    await gone;
    if (signal?.aborted === true) throw aborted(stream.description, signal.reason);
    if (error instanceof ConnectError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConnectError(`The service cannot be had: ${reason}`, ErrorCode.subprocess, { cause: error });
  } finally {
    abort.dispose();
  }
}

const PLAIN = { compress: false } as const;
const READY = 'ready';

/** Loads a module of either kind; `import()` stays what it is only outside of a bundle. */
export type ImportModule = (address: string) => Promise<unknown>;

/** Serves the thread that started this one. Called by the library itself. */
export async function serveInThread(importModule: ImportModule): Promise<void> {
  const { port } = workerData as { readonly port: MessagePort };
  await serveOwner(new DuplexStream(new PortDuplex(port), 'owner'), importModule);
}

/** Serves the process that started this one. Called by the library itself. */
export async function serveInProcess(importModule: ImportModule): Promise<void> {
  const socket = new Socket({ fd: 3, readable: true, writable: true });
  await serveOwner(new DuplexStream(socket, 'owner'), importModule);
}

async function serveOwner(stream: DuplexStream, importModule: ImportModule): Promise<void> {
  const setup = JSON.parse(Buffer.from(await readFrame(stream)).toString()) as Setup;
  const closed = new Promise<void>((resolve) => {
    stream.onDidClose(() => resolve());
  });
  try {
    const service = await loadService(setup.service, importModule);
    stream.write(encodeFrame(Buffer.from(READY), PLAIN));
    const connection = service.createConnection(new Channel(stream), {
      service,
      config: setup.config,
      dialect: HOSTED_DIALECT,
    });
    await connection.start();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    stream.write(encodeFrame(Buffer.from(reason), PLAIN));
    stream.close();
  }
  await closed;
  // Whatever the service has left running ends with its owner.
  process.exit();
}

/**
 * Loads the service that a reference names.
 *
 * @throws TypeError where the export is no service and gives none; whatever loading the module throws
 */
export async function loadService(hosted: HostedService, importModule: ImportModule): Promise<Service> {
  if (hosted === 'void') return new VoidService();
  if (hosted === 'slave') return new SlaveService();
  const module = (await loadModule(hosted.module, importModule)) as Readonly<Record<string, unknown>>;
  const found: unknown = module[hosted.export];
  if (found instanceof Service) return found;
  const made: unknown = isClass(found)
    ? new found(hosted.options)
    : typeof found === 'function'
      ? await (found as (options: unknown) => unknown)(hosted.options)
      : undefined;
  if (made instanceof Service) return made;
  throw new TypeError(`Export ${hosted.export} of ${hosted.module} is no service`);
}

function isClass(value: unknown): value is new (options: unknown) => Service {
  return typeof value === 'function' && value.prototype instanceof Service;
}

async function loadModule(name: string, importModule: ImportModule): Promise<unknown> {
  const load = createRequire(join(process.cwd(), 'rpyc'));
  const file = load.resolve(name.startsWith('file:') ? fileURLToPath(name) : name);
  try {
    return load(file);
  } catch (error) {
    const isModule = error instanceof Error && 'code' in error && error.code === 'ERR_REQUIRE_ESM';
    if (!isModule) throw error;
    return await importModule(pathToFileURL(file).href);
  }
}
