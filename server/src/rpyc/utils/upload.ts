/*
 * Uploads, after rpyc/utils/classic.py. Differs on purpose: many chunks are on their way at once, a file takes its place
 * only when it has arrived as it left, and bytecode of another Python is not uploaded with a package.
 */

import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, resolve, sep } from 'node:path';
import { deflateSync } from 'node:zlib';

import { TransferError } from '../core/errors';
import type { Netref } from '../core/netref';
import type { Connection } from '../core/protocol';
import { decodeUtf8 } from '../lib/bytes';
import {
  DEEPEST_FOLDER,
  differs,
  LONGEST_CHUNK,
  MOST_NAMES,
  partName,
  pathText,
  type RemotePath,
  Transfer,
  type TransferOptions,
} from './transfer';
import { cannotTransfer } from './transferFailure';

/** Where a file is here and where it goes. Names here are bytes: not all of them are text. */
interface Job {
  readonly local: Buffer;
  readonly remote: RemotePath;
  readonly size: number;
}

/** What an upload consists of. */
interface Plan {
  readonly folders: RemotePath[];
  readonly files: Job[];
}

/**
 * Uploads a file, or a folder with all that is in it. Links are followed; what is neither file nor folder is passed over
 * inside a folder. An existing file keeps its mode and is replaced when the new one is complete; a new one gets the mode
 * that the peer gives to new files. Upstream: `rpyc.classic.upload`.
 *
 * @param localPath relative to this process's folder
 * @param remotePath relative to the peer's folder
 * @throws TransferError `ERR_TRANSFER`, which says why, with the error of `node:fs` as its cause where there is nothing
 *   to upload; RequestAborted `ERR_ABORTED`; what `node:fs` throws for files here; RemoteError
 *   for files there
 */
export async function upload(
  conn: Connection,
  localPath: string,
  remotePath: string,
  options: TransferOptions = {},
): Promise<void> {
  let failure: unknown;
  const found = await stat(localPath).catch((error: unknown) => {
    failure = error;
    return undefined;
  });
  if (found?.isDirectory() === true) await uploadDir(conn, localPath, remotePath, options);
  else if (found?.isFile() === true) await uploadFile(conn, localPath, remotePath, options);
  else if (options.ignoreInvalid !== true) {
    throw cannotTransfer('upload', localPath, found !== undefined, failure);
  }
}

/** Uploads one file; see `upload`. Upstream: `rpyc.classic.upload_file`. */
export async function uploadFile(
  conn: Connection,
  localPath: string,
  remotePath: string,
  options: TransferOptions = {},
): Promise<void> {
  const { size } = await stat(localPath);
  await run(
    conn,
    localPath,
    { folders: [], files: [{ local: Buffer.from(localPath), remote: [remotePath], size }] },
    options,
  );
}

/** Uploads a folder; see `upload`. Upstream: `rpyc.classic.upload_dir`. */
export async function uploadDir(
  conn: Connection,
  localPath: string,
  remotePath: string,
  options: TransferOptions = {},
): Promise<void> {
  const plan: Plan = { folders: [], files: [] };
  const accepts = options.filter ?? ((): boolean => true);
  await walk(plan, Buffer.from(localPath), [remotePath], accepts, []);
  await run(conn, localPath, plan, options);
}

/**
 * Uploads a Python package or module, so that the peer can import it. Upstream takes a module object, which there is none
 * of here.
 *
 * @param moduleFolder the package's folder, or the file of a module
 * @param remotePath where it goes; unless told, the peer's `site-packages`
 * @param options the filter leaves out `__pycache__` unless it is told otherwise
 * @throws as `upload`
 */
export async function uploadPackage(
  conn: Connection,
  moduleFolder: string,
  remotePath?: string,
  options: TransferOptions = {},
): Promise<void> {
  await Transfer.run(conn, `upload of ${moduleFolder}`, options, async (transfer) => {
    let target = remotePath;
    if (target === undefined) {
      const library = await transfer.ask('library', []);
      const folder = library instanceof Uint8Array ? Buffer.from(library).toString() : String(library);
      target = `${folder}/${basename(resolve(moduleFolder))}`;
    }
    const { filter = (name: string) => name !== '__pycache__' } = options;
    await upload(conn, moduleFolder, target, { ...options, filter });
    await transfer.ask('imported', []);
  });
}

/** Another name of `uploadPackage`. */
export const uploadModule = uploadPackage;

async function walk(
  plan: Plan,
  local: Buffer,
  remote: RemotePath,
  accepts: (name: string) => boolean,
  above: readonly string[],
): Promise<void> {
  const real = await realpath(local, 'hex');
  if (above.includes(real) || above.length > DEEPEST_FOLDER) {
    throw new TransferError(`The folder contains itself: ${local.toString()}`);
  }
  plan.folders.push(remote);
  for (const name of await readdir(local, 'buffer')) {
    if (!accepts(name.toString())) continue;
    const path = Buffer.concat([local, Buffer.from(sep), name]);
    const target = [...remote, decodeUtf8(name) ?? name];
    // A link that leads nowhere.
    const found: Stats | undefined = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true) await walk(plan, path, target, accepts, [...above, real]);
    else if (found?.isFile() === true) plan.files.push({ local: path, remote: target, size: found.size });
    if (plan.files.length + plan.folders.length > MOST_NAMES) {
      throw new TransferError(`There are more than ${MOST_NAMES} files`);
    }
  }
}

const FOLDERS_AT_ONCE = 1000;

async function run(
  conn: Connection,
  name: string,
  { folders, files }: Plan,
  options: TransferOptions,
): Promise<void> {
  await Transfer.run(conn, `upload of ${name}`, options, async (transfer) => {
    for (const { size } of files) transfer.total += size;
    for (let at = 0; at < folders.length; at += FOLDERS_AT_ONCE) {
      await transfer.ask('make', [folders.slice(at, at + FOLDERS_AT_ONCE)]);
    }
    await transfer.all(files, (job) => sendFile(transfer, job));
  });
}

async function sendFile(transfer: Transfer, job: Job): Promise<void> {
  const file = await open(job.local, 'r');
  try {
    const first = await readChunk(file, transfer.chunkSize);
    const plain = shallStayPlain(transfer, first) ? transfer.conn.withoutCompression() : undefined;
    try {
      // A special file may be shorter than it says, and a file may have grown since.
      if (first.length < transfer.chunkSize) await sendWhole(transfer, job, first);
      else await sendChunks(transfer, job, file, first);
    } finally {
      plain?.dispose();
    }
  } finally {
    await file.close();
  }
}

/** A file that fits in one chunk takes one request. */
async function sendWhole(transfer: Transfer, { local, remote }: Job, data: Uint8Array): Promise<void> {
  const sum = transfer.verify ? createHash('sha256').update(data).digest() : null;
  const done = await transfer.slot();
  try {
    const arrived = await transfer.ask('store', [remote, partName(), data, sum]);
    if (arrived !== true) throw differs(pathText(remote));
    transfer.progress(local.toString(), data.length);
  } finally {
    done();
  }
}

async function sendChunks(transfer: Transfer, job: Job, file: FileHandle, first: Uint8Array): Promise<void> {
  const held = await transfer.hold('receive', [job.remote, partName()]);
  const [receiver] = held;
  try {
    const hash = transfer.verify ? createHash('sha256') : undefined;
    const size = await pump(transfer, job, file, first, receiver, (data) => hash?.update(data));
    const arrived = await transfer.askLong(receiver, 'finish', [size, hash?.digest() ?? null], size);
    if (arrived !== true) throw differs(pathText(job.remote));
  } finally {
    await transfer.end(held);
  }
}

/** Sends a file's chunks, and gives the number of bytes that have arrived. */
async function pump(
  transfer: Transfer,
  job: Job,
  file: FileHandle,
  first: Uint8Array,
  receiver: Netref,
  seen: (data: Uint8Array) => void,
): Promise<number> {
  const path = job.local.toString();
  const travelling = transfer.chunkSize * transfer.concurrency;
  const pending = new Set<Promise<void>>();
  const state: { failure?: { readonly error: unknown } } = {};
  let offset = 0;
  for (let data = first; data.length > 0 && state.failure === undefined;) {
    const done = await transfer.slot();
    const { length } = data;
    const sent: Promise<void> = transfer
      .askOf(receiver, 'write', [offset, data], travelling)
      .then(() => transfer.progress(path, length))
      .catch((error: unknown) => {
        state.failure ??= { error };
      })
      .finally(() => {
        pending.delete(sent);
        done();
      });
    pending.add(sent);
    seen(data);
    offset += length;
    data = await readChunk(file, transfer.chunkSize);
  }
  await Promise.all(pending);
  if (state.failure !== undefined) throw state.failure.error;
  return offset;
}

/** The next bytes of a file: fewer than `size` at its end only. */
async function readChunk(file: FileHandle, size: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(size);
  let used = 0;
  while (used < size) {
    const { bytesRead } = await file.read(buffer, used, size - used, null);
    if (bytesRead === 0) break;
    used += bytesRead;
  }
  return buffer.subarray(0, used);
}

const SAMPLE = Math.min(LONGEST_CHUNK, 16_384);

function shallStayPlain({ options }: Transfer, first: Uint8Array): boolean {
  const { compress = 'auto' } = options;
  if (compress !== 'auto') return !compress;
  const sample = first.subarray(0, SAMPLE);
  return deflateSync(sample, { level: 1 }).length > 0.9 * sample.length;
}
