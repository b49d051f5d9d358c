/*
 * Downloads, after rpyc/utils/classic.py. Differs on purpose: many chunks are on their way at once, the peer does not
 * compress them, a file takes its place only when it has arrived as it left, and no name that a peer tells leads out of
 * the folder that is written to.
 */

import { createHash } from 'node:crypto';
import { chmod, type FileHandle, mkdir, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

import { ProtocolError, RemoteError, TransferError } from '../core/errors';
import type { Netref } from '../core/netref';
import type { Connection } from '../core/protocol';
import {
  asBytes,
  DEEPEST_FOLDER,
  differs,
  MOST_NAMES,
  partName,
  pathText,
  type RemotePath,
  Transfer,
  type TransferOptions,
} from './transfer';
import { RemoteKind } from './transferCode';
import { cannotTransfer, isNoFolder } from './transferFailure';

/** Where a file is there and where it goes. Names here are bytes: not all of them are text. */
interface Job {
  readonly remote: RemotePath;
  readonly local: Buffer;
  /** As the peer told it; more or less may come. */
  readonly size: number;
}

/**
 * Downloads a file, or a folder with all that is in it. Links are followed; what is neither file nor folder is passed over
 * inside a folder. An existing file keeps its mode and is replaced when the new one is complete; a new one gets the mode
 * of new files. Upstream: `rpyc.classic.download`.
 *
 * @param remotePath relative to the peer's folder
 * @param localPath relative to this process's folder
 * @throws TransferError `ERR_TRANSFER`, which says why, with the peer's error as its cause where there is nothing to
 *   download, also for names that lead out of the folder; RequestAborted `ERR_ABORTED`; what
 *   `node:fs` throws for files here; RemoteError for files there
 */
export async function download(
  conn: Connection,
  remotePath: string,
  localPath: string,
  options: TransferOptions = {},
): Promise<void> {
  await Transfer.run(conn, `download of ${remotePath}`, options, async (transfer) => {
    const [kind] = asEntry(await transfer.ask('kind', [[remotePath]]));
    if (kind === RemoteKind.folder) await receiveTree(transfer, [remotePath], Buffer.from(localPath));
    else if (kind === RemoteKind.file) await receiveOne(transfer, remotePath, localPath);
    else if (options.ignoreInvalid !== true) throw await whyNot(transfer, remotePath);
  });
}

/** Looking at what is no file fails with the reason. */
async function whyNot(transfer: Transfer, remotePath: string): Promise<TransferError> {
  try {
    await transfer.ask('folder', [[remotePath], MOST_NAMES]);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return cannotTransfer('download', remotePath, isNoFolder(error), error);
  }
  return cannotTransfer('download', remotePath, true, undefined);
}

/** Downloads one file; see `download`. Upstream: `rpyc.classic.download_file`. */
export async function downloadFile(
  conn: Connection,
  remotePath: string,
  localPath: string,
  options: TransferOptions = {},
): Promise<void> {
  await Transfer.run(conn, `download of ${remotePath}`, options, (transfer) =>
    receiveOne(transfer, remotePath, localPath),
  );
}

/** Downloads a folder; see `download`. Upstream: `rpyc.classic.download_dir`. */
export async function downloadDir(
  conn: Connection,
  remotePath: string,
  localPath: string,
  options: TransferOptions = {},
): Promise<void> {
  await Transfer.run(conn, `download of ${remotePath}`, options, (transfer) =>
    receiveTree(transfer, [remotePath], Buffer.from(localPath)),
  );
}

async function receiveOne(transfer: Transfer, remotePath: string, localPath: string): Promise<void> {
  [, transfer.total] = asEntry(await transfer.ask('kind', [[remotePath]]));
  await receiveFile(transfer, { remote: [remotePath], local: Buffer.from(localPath), size: transfer.total });
}

async function receiveTree(transfer: Transfer, remote: RemotePath, local: Buffer): Promise<void> {
  const found: Found = { files: [], names: 0 };
  await walk(transfer, found, remote, local, []);
  await transfer.all(found.files, (job) => receiveFile(transfer, job));
}

/** What a walk through the peer's folders has met. */
interface Found {
  readonly files: Job[];
  /** Files, folders and all else. */
  names: number;
}

async function walk(
  transfer: Transfer,
  found: Found,
  remote: RemotePath,
  local: Buffer,
  above: readonly string[],
): Promise<void> {
  const answer = await transfer.ask('folder', [remote, MOST_NAMES]);
  const [identity, entries] = Array.isArray(answer) ? (answer as unknown[]) : [];
  if (!Array.isArray(entries)) throw new ProtocolError('The peer gave no list of names');
  found.names += entries.length;
  if (found.names > MOST_NAMES)
    throw new TransferError(`There are more than ${MOST_NAMES} files and folders`);
  const here = identity instanceof Uint8Array ? Buffer.from(identity).toString() : String(identity);
  if ((here !== '' && above.includes(here)) || above.length > DEEPEST_FOLDER) {
    throw new TransferError(`The folder contains itself: ${pathText(remote)}`);
  }
  await mkdir(local, { recursive: true });
  const seen = new Set<string>();
  for (const entry of entries as unknown[]) {
    const [name, kind, size] = Array.isArray(entry) ? (entry as unknown[]) : [];
    const safe = safeName(name, remote);
    if (seen.has(safe.toString('latin1')))
      throw new TransferError(`The peer tells a name twice: ${safe.toString()}`);
    seen.add(safe.toString('latin1'));
    if (!transfer.accepts(safe.toString())) continue;
    const source = [...remote, name as string | Uint8Array];
    const target = Buffer.concat([local, Buffer.from(sep), safe]);
    if (kind === RemoteKind.folder) await walk(transfer, found, source, target, [...above, here]);
    if (kind !== RemoteKind.file) continue;
    const [, length] = asEntry([kind, size]);
    transfer.total += length;
    found.files.push({ remote: source, local: target, size: length });
  }
}

/** Also what only Windows takes for a way out, since this may run there. */
const UNSAFE_NAME = process.platform === 'win32' ? /[/\\:\0]|^\.{0,2}$/ : /[/\0]|^\.{0,2}$/;

/** @throws TransferError for what is no name of a file in the folder itself */
function safeName(name: unknown, folder: RemotePath): Buffer {
  const bytes = typeof name === 'string' ? Buffer.from(name) : Buffer.from(asBytes(name));
  if (UNSAFE_NAME.test(bytes.toString('latin1'))) {
    throw new TransferError(
      `The peer tells a name that leads out of ${pathText(folder)}: '${bytes.toString()}'`,
    );
  }
  return bytes;
}

function asEntry(value: unknown): readonly [kind: number, size: number] {
  const [kind, size] = Array.isArray(value) ? (value as unknown[]) : [];
  if (typeof kind !== 'number') throw new ProtocolError('The peer gave no kind of file');
  return [kind, typeof size === 'number' ? size : 0];
}

async function receiveFile(transfer: Transfer, job: Job): Promise<void> {
  const plain = transfer.options.compress !== true;
  const held = await transfer.hold('send', [job.remote, transfer.root, plain]);
  const [sender] = held;
  try {
    const place = await Place.open(job.local);
    try {
      await receiveChunks(transfer, job, sender, place);
      await place.keep();
    } finally {
      await place.close();
    }
  } finally {
    await transfer.end(held);
  }
}

async function receiveChunks(transfer: Transfer, job: Job, sender: Netref, place: Place): Promise<void> {
  const { chunkSize, concurrency, verify } = transfer;
  const path = pathText(job.remote);
  const hash = verify ? createHash('sha256') : undefined;
  const queue: Promise<Uint8Array>[] = [];
  let asked = 0;
  let size = 0;
  // At least one is ours, the others are where no other file needs them.
  const ask = async (offset: number): Promise<Uint8Array> => {
    const done = await transfer.slot();
    try {
      return asBytes(await transfer.askOf(sender, 'read', [offset, chunkSize], chunkSize * concurrency));
    } finally {
      done();
    }
  };
  for (let atEnd = false; !atEnd;) {
    while (queue.length < concurrency && (asked < job.size || queue.length === 0)) {
      const chunk = ask(asked);
      // Whoever waits for it gets the error, and nobody may.
      chunk.catch(() => undefined);
      queue.push(chunk);
      asked += chunkSize;
    }
    const data = (await queue.shift()) ?? new Uint8Array();
    if (data.length > chunkSize) throw new ProtocolError('The peer gave more bytes than it was asked for');
    // What is behind a short chunk was written since.
    atEnd = data.length < chunkSize;
    hash?.update(data);
    await place.write(data);
    size += data.length;
    if (data.length > 0) transfer.progress(path, data.length);
  }
  if (hash === undefined) return;
  const sum = await transfer.askLong(sender, 'digest', [size], size);
  if (sum !== null && Buffer.compare(asBytes(sum), hash.digest()) !== 0) throw differs(path);
}

/** Where a file goes: beside its place until it is complete. Special files are written as they are. */
class Place {
  private isKept = false;

  private constructor(
    private readonly file: FileHandle,
    private readonly part: Buffer | undefined,
    private readonly target: Buffer,
    private readonly mode: number | undefined,
  ) {}

  static async open(local: Buffer): Promise<Place> {
    // A link is followed, as by upstream.
    const target = await realpath(local, 'buffer').catch(() => local);
    const found = await stat(target).catch(() => undefined);
    if (found !== undefined && !found.isFile())
      return new Place(await open(target, 'w'), undefined, target, undefined);
    const text = target.toString('latin1');
    const part = Buffer.from(join(dirname(text), partName()), 'latin1');
    return new Place(await open(part, 'wx'), part, target, found?.mode);
  }

  async write(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length;) {
      at += (await this.file.write(data, at, data.length - at, null)).bytesWritten;
    }
  }

  /** The file is complete. */
  async keep(): Promise<void> {
    await this.file.close();
    if (this.part !== undefined) {
      if (this.mode !== undefined) await chmod(this.part, this.mode & 0o7777);
      await rename(this.part, this.target);
    }
    this.isKept = true;
  }

  /** Nothing is left of a file that is not complete. */
  async close(): Promise<void> {
    if (this.isKept) return;
    await this.file.close().catch(() => undefined);
    if (this.part !== undefined) await rm(this.part, { force: true });
  }
}
