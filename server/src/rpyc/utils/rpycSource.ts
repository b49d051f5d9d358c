/*
 * Where the Python library comes from that a deployment brings along, and how it travels. Upstream copies the package
 * that is running; here it is that of the local Python, or what the user names.
 */

import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflate } from 'node:zlib';

import { ConnectError, ErrorCode } from '../core/errors';

/** The library in one piece, and what the other end has to know to unpack it. */
export interface PackedSource {
  readonly head:
    | { readonly kind: 'wheel' }
    | { readonly kind: 'files'; readonly files: readonly (readonly [name: string, size: number])[] };
  readonly data: Buffer;
  /** Where it was found. */
  readonly origin: string;
}

const MAX_FILES = 5000;
const MAX_BYTES = 64 * 1024 * 1024;
const LOOK_SECONDS = 20;

/** Finds the package without importing it, and never in the current folder. */
const FIND_PACKAGE =
  'import sys;sys.path[:]=[p for p in sys.path if p];import importlib.util as u;s=u.find_spec("rpyc");' +
  'print(s.submodule_search_locations[0] if s and s.submodule_search_locations else "")';

/**
 * Packs the library.
 *
 * @param source a wheel (`.whl`), the folder of the package `rpyc`, or the folder that it is in; without one, the package
 *   of the local Python is used
 * @throws ConnectError with `ERR_DEPLOY`, which names the mend
 */
export async function packRpyc(source: string | undefined, signal?: AbortSignal): Promise<PackedSource> {
  const origin = source ?? (await findLocalPackage(signal));
  const found = await stat(origin).catch((cause: unknown) => {
    throw deployError(`Nothing is there: ${origin}`, cause);
  });
  return found.isDirectory() ? await packFolder(origin) : await packWheel(origin, found.size);
}

function deployError(message: string, cause?: unknown): ConnectError {
  return new ConnectError(message, ErrorCode.deploy, cause === undefined ? undefined : { cause });
}

async function findLocalPackage(signal: AbortSignal | undefined): Promise<string> {
  const programs = process.platform === 'win32' ? ['python', 'py'] : ['python3', '/usr/bin/python3'];
  for (const program of programs) {
    const options = { timeout: LOOK_SECONDS * 1000, windowsHide: true, ...(signal && { signal }) };
    const found = await promisify(execFile)(program, ['-c', FIND_PACKAGE], options).catch(() => undefined);
    if (signal?.aborted === true) throw new ConnectError('Deploying was cancelled', ErrorCode.aborted);
    const folder = found?.stdout.trim() ?? '';
    if (folder !== '') return folder;
  }
  throw deployError('No Python here has rpyc, so name a wheel or a folder of it in rpycSource');
}

async function packWheel(file: string, size: number): Promise<PackedSource> {
  if (size > MAX_BYTES) throw deployError(`Wheel is longer than ${MAX_BYTES} bytes: ${file}`);
  const data = await readFile(file);
  // The mark of a zip archive, which a wheel is.
  if (data.toString('latin1', 0, 4) !== 'PK\x03\x04')
    throw deployError(`It is neither a wheel nor a folder: ${file}`);
  return { head: { kind: 'wheel' }, data, origin: file };
}

async function packFolder(folder: string): Promise<PackedSource> {
  const root = await findPackage(folder);
  const files: [name: string, size: number][] = [];
  const parts: Buffer[] = [];
  let total = 0;
  for (const name of await listFiles(root, '')) {
    const part = await readFile(join(root, name));
    total += part.length;
    if (total > MAX_BYTES || files.length === MAX_FILES) {
      throw deployError(`Package is larger than a library of Python can be: ${root}`);
    }
    files.push([`rpyc/${name}`, part.length]);
    parts.push(part);
  }
  const data = await promisify(deflate)(Buffer.concat(parts));
  return { head: { kind: 'files', files }, data, origin: root };
}

async function findPackage(folder: string): Promise<string> {
  for (const root of [join(folder, 'rpyc'), folder]) {
    const marks = ['__init__.py', join('core', 'protocol.py')].map((name) => stat(join(root, name)));
    if ((await Promise.allSettled(marks)).every(({ status }) => status === 'fulfilled')) return root;
  }
  throw deployError(`There is no package rpyc in the folder, so name the one that holds it: ${folder}`);
}

/** All files below a folder, with `/` between names, except what Python compiles. Links are not followed. */
async function listFiles(root: string, below: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== '__pycache__') names.push(...(await listFiles(root, name)));
    else if (entry.isFile() && !/\.py[co]$/.test(entry.name)) names.push(name);
    if (names.length > MAX_FILES) break;
  }
  return names;
}
