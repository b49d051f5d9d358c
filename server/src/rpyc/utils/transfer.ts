/*
 * What uploads and downloads share. Upstream moves one chunk for each round trip, and its chunks of 64,000 bytes wait
 * 40 ms each for an acknowledgement; here several smaller ones are on their way at once.
 */

import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';

import { ProtocolError, RequestAborted, TransferError } from '../core/errors';
import type { Netref } from '../core/netref';
import type { Connection } from '../core/protocol';
import { withTarget } from '../core/path';
import type { RequestOptions } from '../core/reference';
import { callattr, isNetref, release } from '../core/builtins';
import { onAbort } from '../lib/deferred';
import { peerCode } from './peerCode';
import { TRANSFER_CODE } from './transferCode';

/** How far an upload or download is, in bytes. */
export interface TransferProgress {
  /** The file that bytes have just arrived of, as it is called where it comes from. */
  readonly path: string;
  /** Bytes of all files that have arrived. */
  readonly transferred: number;
  /** Bytes of all files together, as they were at the start. */
  readonly total: number;
}

/** How files are uploaded or downloaded. */
export interface TransferOptions {
  /** Says by its name whether a file or folder inside a folder is taken; all are, unless told. */
  readonly filter?: ((name: string) => boolean) | undefined;
  /** Whether a path that is neither file nor folder is passed over instead of being an error. */
  readonly ignoreInvalid?: boolean | undefined;
  /** Bytes at a time: 60,000 unless told, and at most, since rpyc would cut a longer frame and wait in between. */
  readonly chunkSize?: number | undefined;
  /** Chunks on their way at a time; 16 unless told. */
  readonly concurrency?: number | undefined;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  /** Cancels: rejects with `ERR_ABORTED`, and no file is left open or half written. */
  readonly signal?: AbortSignal | undefined;
  /** Whether SHA-256 sums are compared, where the peer can make one. True unless told. */
  readonly verify?: boolean | undefined;
  /**
   * Whether chunks are compressed. `auto`, the default, asks the first chunk of an upload; a download is compressed by
   * the peer only where this is true.
   */
  readonly compress?: boolean | 'auto' | undefined;
}

/** A path of the peer's in parts; a name that is no UTF-8 is bytes. */
export type RemotePath = readonly (string | Uint8Array)[];

export const LONGEST_CHUNK = 60_000;
const DEFAULT_CONCURRENCY = 16;
/** Bytes per second of the slowest link that a chunk is waited for. */
const SLOWEST_LINK = 8000;
/** Bytes per second of the slowest peer that a sum is waited for. */
const SLOWEST_SUM = 10_000_000;
const CLOSE_SECONDS = 10;
const FILES_AT_ONCE = 4;
/** Names in one folder, and files and folders altogether. */
export const MOST_NAMES = 1_000_000;
/** Folders inside folders. */
export const DEEPEST_FOLDER = 200;

/** Something that the peer holds open for us, and what ends it there when the connection ends. */
export type Guarded = readonly [object: Netref, guard: Netref];

/** One upload or download: the peer's side of it, and the counts of all its files. */
export class Transfer {
  readonly chunkSize: number;
  readonly concurrency: number;
  readonly verify: boolean;
  total = 0;
  private transferred = 0;
  private free: number;
  private readonly waiting: (() => void)[] = [];

  private constructor(
    readonly conn: Connection,
    private readonly files: Netref,
    readonly root: Netref,
    readonly options: TransferOptions,
    private readonly cancel: () => void,
  ) {
    const { chunkSize = LONGEST_CHUNK, concurrency = DEFAULT_CONCURRENCY, verify = true } = options;
    this.chunkSize = Math.min(chunkSize, LONGEST_CHUNK);
    this.concurrency = concurrency;
    this.verify = verify;
    this.free = concurrency;
  }

  /**
   * Runs one transfer.
   *
   * @param what is done, for people: `upload of x`
   * @throws RangeError for sizes that cannot be; RequestAborted where the caller's signal fires
   */
  static async run(
    conn: Connection,
    what: string,
    options: TransferOptions,
    use: (transfer: Transfer) => Promise<void>,
  ): Promise<void> {
    const { chunkSize = LONGEST_CHUNK, concurrency = DEFAULT_CONCURRENCY } = options;
    if (!Number.isInteger(chunkSize) || chunkSize < 1) throw new RangeError('A chunk has at least one byte');
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new RangeError('At least one chunk has to be on its way');
    }
    // One listener on the caller's signal, however many chunks obey it.
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const link = onAbort(options.signal, (reason) => abort.abort(reason));
    try {
      await withTarget(conn.root, async (host, root) => {
        const files = await peerCode(host, TRANSFER_CODE);
        const own = { ...options, signal: abort.signal };
        await use(new Transfer(conn, files, root as Netref, own, () => abort.abort()));
      });
    } catch (error) {
      if (!(error instanceof RequestAborted) || options.signal?.aborted !== true) throw error;
      throw new RequestAborted(options.signal.reason, `The ${what} was cancelled`);
    } finally {
      link.dispose();
    }
  }

  /** Asks the peer's side of the transfer. */
  ask(name: string, args: readonly unknown[]): Promise<unknown> {
    return this.askOf(this.files, name, args, this.chunkSize * this.concurrency);
  }

  /** Asks for something that has to be given to `end`. */
  async hold(name: string, args: readonly unknown[]): Promise<Guarded> {
    const made = await this.ask(name, args);
    const [object, guard] = Array.isArray(made) ? (made as unknown[]) : [];
    if (isNetref(object) && isNetref(guard)) return [object, guard];
    throw new ProtocolError('The peer opened nothing');
  }

  /** @param bytes that travel before the answer */
  askOf(ref: Netref, name: string, args: readonly unknown[], bytes: number): Promise<unknown> {
    return callattr(ref, name, args, undefined, this.requestOptions(bytes / SLOWEST_LINK));
  }

  /** Asks for something that takes as long as reading `bytes` from the peer's disk. */
  askLong(ref: Netref, name: string, args: readonly unknown[], bytes: number): Promise<unknown> {
    const travelling = (this.chunkSize * this.concurrency) / SLOWEST_LINK;
    return callattr(ref, name, args, undefined, this.requestOptions(travelling + bytes / SLOWEST_SUM));
  }

  /** Ends what the peer holds open for a file. It does not throw, and does not obey the signal: it may be why this ends. */
  async end([ref, guard]: Guarded): Promise<void> {
    try {
      if (!this.conn.closed) await callattr(ref, 'close', [], undefined, { timeoutSeconds: CLOSE_SECONDS });
    } catch {
      // A connection that is gone has ended it too.
    }
    await release(ref);
    await release(guard);
  }

  /** Waits until there is room for one more chunk on its way; what it gives makes room again. */
  async slot(): Promise<() => void> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    return () => {
      const next = this.waiting.shift();
      if (next === undefined) this.free++;
      else next();
    };
  }

  progress(path: string, bytes: number): void {
    this.transferred += bytes;
    this.options.onProgress?.({ path, transferred: this.transferred, total: this.total });
  }

  accepts(name: string): boolean {
    return this.options.filter?.(name) ?? true;
  }

  /** Runs all tasks, a few at a time. The first failure ends the others; all of them are waited for. */
  async all<T>(tasks: readonly T[], run: (task: T) => Promise<void>): Promise<void> {
    const queue = tasks.values();
    const state: { failure?: { readonly error: unknown } } = {};
    const work = async (): Promise<void> => {
      for (const task of queue) {
        if (state.failure !== undefined) return;
        try {
          await run(task);
        } catch (error) {
          state.failure ??= { error };
          this.cancel();
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(FILES_AT_ONCE, tasks.length) }, work));
    if (state.failure !== undefined) throw state.failure.error;
  }

  private requestOptions(moreSeconds: number): RequestOptions {
    const { sync_request_timeout: seconds } = this.conn.config;
    const { signal } = this.options;
    return { timeoutSeconds: seconds === null ? null : seconds + moreSeconds, ...(signal && { signal }) };
  }
}

/** The name of a file that is not complete yet, in the folder where it belongs. */
export function partName(): string {
  return `.rpyc-${randomBytes(8).toString('hex')}.part`;
}

/** A path for people. */
export function pathText(path: RemotePath): string {
  return path.map((part) => (typeof part === 'string' ? part : Buffer.from(part).toString())).join('/');
}

/** @throws ProtocolError where the peer gave something else */
export function asBytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new ProtocolError('The peer gave no bytes');
}

export function differs(path: string): TransferError {
  return new TransferError(`The file arrived differently than it left: ${path}`);
}
