/*
 * A service in a thread or a process of its own, for connect_thread and connect_multiprocess of rpyc/utils/factory.py.
 * Differs on purpose: no port is opened, since a message port or a pipe of the child's joins the two sides; and the
 * service is named, since a class cannot cross.
 */

import { Socket } from 'node:net';
import { MessageChannel, type MessagePort, Worker, workerData } from 'node:worker_threads';

import { Channel, encodeFrame, readFrame } from '../core/channel';
import type { Config } from '../core/config';
import { aborted } from '../core/connectErrors';
import { ConnectError, ErrorCode } from '../core/errors';
import type { EndOwned } from '../core/joinedDuplex';
import { type Service, serviceFor, VoidService } from '../core/service';
import { DuplexStream } from '../core/stream';
import { SubprocessStream } from '../core/subprocessStream';
import { after, onAbort, withTimeout } from '../lib/deferred';
import { errorText } from '../lib/errorText';
import { SlaveService } from './classicServices';
import { PortDuplex } from './portDuplex';
import { loadService, type ModuleExport } from './serviceModule';

/** `slave` serves classic mode, `void` nothing. */
export type HostedService = ModuleExport | 'slave' | 'void';

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
void require(workerData.library).serveInThread();
`;
const PROCESS_CODE = 'void require(process.argv[1]).serveInProcess();';

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
    const text = `The service cannot be had: ${errorText(error)}`;
    throw new ConnectError(text, ErrorCode.subprocess, { cause: error });
  } finally {
    abort.dispose();
  }
}

const PLAIN = { compress: false } as const;
const READY = 'ready';

/** Serves the thread that started this one. Called by the library itself. */
export async function serveInThread(): Promise<void> {
  const { port } = workerData as { readonly port: MessagePort };
  await serveOwner(new OwnerStream(new PortDuplex(port), 'owner'));
}

/** Serves the process that started this one. Called by the library itself. */
export async function serveInProcess(): Promise<void> {
  const socket = new Socket({ fd: 3, readable: true, writable: true });
  await serveOwner(new OwnerStream(socket, 'owner'));
}

/** Where the owner first hears whether the service is there; a service that says something itself is. */
class OwnerStream extends DuplexStream {
  private isIntroduced = false;

  override write(chunks: readonly Uint8Array[]): void {
    this.introduce(READY);
    super.write(chunks);
  }

  /** Once only: what comes later is part of the protocol. */
  introduce(word: string): void {
    if (this.isIntroduced) return;
    this.isIntroduced = true;
    super.write(encodeFrame(Buffer.from(word), PLAIN));
  }
}

async function serveOwner(stream: OwnerStream): Promise<void> {
  const setup = JSON.parse(Buffer.from(await readFrame(stream)).toString()) as Setup;
  const closed = new Promise<void>((resolve) => {
    stream.onDidClose(() => resolve());
  });
  try {
    const service = await hostedService(setup.service);
    const connection = service.createConnection(new Channel(stream), {
      service,
      config: setup.config,
      dialect: HOSTED_DIALECT,
    });
    await connection.start();
    if (!stream.closed) stream.introduce(READY);
  } catch (error) {
    if (!stream.closed) stream.introduce(errorText(error));
    stream.close();
  }
  await closed;
  // Whatever the service has left running ends with its owner.
  process.exit();
}

async function hostedService(hosted: HostedService): Promise<Service> {
  if (hosted === 'void') return new VoidService();
  if (hosted === 'slave') return new SlaveService();
  return serviceFor(await loadService(hosted));
}
