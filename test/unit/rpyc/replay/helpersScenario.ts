/** The recorded client of `helpers-<version>`, as calls of the library: what Python's classic helpers do on the wire. */
import assert from 'node:assert/strict';
import {
  call,
  enter,
  exit,
  getattr,
  iter,
  next,
  setattr,
  str,
} from '../../../../server/src/rpyc/core/builtins';
import { Handler } from '../../../../server/src/rpyc/core/consts';
import type { Netref } from '../../../../server/src/rpyc/core/netref';
import { PythonDict, StringIO, TextIOWrapper } from '../../../support/replay/pythonObjects';
import type { ReplayClient } from '../../../support/replay/replayClient';
import { isFrom } from '../../../support/versions';
import { fromHex } from '../../../support/typedJson';
import { type ClassicParts, connectClassic } from './classicScenario';

interface VersionFacts {
  /** Folder of the recorded run. */
  readonly folder: string;
  /** Bytes that a download without a size of its own asks for. */
  readonly chunk: number;
}

const facts: ReadonlyMap<string, VersionFacts> = new Map([
  ['4.0.2', { folder: '/srv/rp4z3qpo2c', chunk: 16000 }],
  ['4.1.5', { folder: '/srv/rpv490fyeh', chunk: 16000 }],
  ['5.3.0', { folder: '/srv/rplmefjmp8', chunk: 64000 }],
  ['6.0.2', { folder: '/srv/rpuyrb7xzi', chunk: 64000 }],
]);

export async function helpersScenario(client: ReplayClient): Promise<void> {
  const parts = await connectClassic(client);
  const { folder, chunk } = facts.get(client.recording.rpyc) ?? assert.fail('a known version');
  const data = Buffer.from('01234567890123456789'.repeat(3).slice(0, 50));

  client.step('upload_file chunk_size=20');
  await upload(client, parts.builtins, `${folder}/dst.bin`, [data.subarray(0, 20), data.subarray(20, 40), data.subarray(40)]); // prettier-ignore
  client.step('download_file chunk_size=20');
  const os = await client.inspected(call(parts.getmodule, ['os']));
  assert.deepEqual(await download(client, parts.builtins, os, `${folder}/dst.bin`, 20), data);
  client.step('upload_dir');
  const target = `${folder}/dir2`;
  assert.equal(await pathFunction(client, os, 'isdir', target), false);
  assert.equal(await client.method(os, 'makedirs', [target]), null);
  const file = await pathFunction(client, os, 'join', target, 'a.txt');
  assert.equal(file, `${target}/a.txt`);
  await upload(client, parts.builtins, file, [Buffer.from('A')]);
  client.step('download_dir');
  await downloadFolder(client, parts.builtins, os, target, chunk);
  await copies(client, parts);
  await redirectedOutput(client, parts);
  await teleport(client, parts);
  client.step('close');
  await client.close();
}

/** `os.path.<name>(...)`; Python's client looks `os.path` up each time. */
async function pathFunction(
  client: ReplayClient,
  os: Netref,
  name: string,
  ...args: readonly string[]
): Promise<unknown> {
  const path = await client.inspected(getattr(os, 'path'));
  const found = await client.temporary(path, () => client.getattr(path, name));
  return await client.temporary(found, () => call(found, args));
}

async function openFile(client: ReplayClient, builtins: Netref, name: string, mode: string): Promise<Netref> {
  const open = await client.getattr(builtins, 'open');
  const file = await client.temporaryInspected(open, () => call(open, [name, mode]));
  assert.equal(await enter(file), file);
  return file;
}

async function closeFile(client: ReplayClient, file: Netref): Promise<void> {
  await exit(file);
  await client.drop(file);
}

async function upload(
  client: ReplayClient,
  builtins: Netref,
  name: string,
  chunks: readonly Uint8Array[],
): Promise<void> {
  const file = await openFile(client, builtins, name, 'wb');
  for (const chunk of chunks) assert.equal(await client.method(file, 'write', [chunk]), chunk.length);
  await closeFile(client, file);
}

async function download(
  client: ReplayClient,
  builtins: Netref,
  os: Netref,
  name: string,
  chunk: number,
): Promise<Buffer> {
  assert.equal(await pathFunction(client, os, 'isdir', name), false);
  assert.equal(await pathFunction(client, os, 'isfile', name), true);
  const file = await openFile(client, builtins, name, 'rb');
  const chunks: Uint8Array[] = [];
  for (let last = chunk; last > 0;) {
    const bytes = await client.method(file, 'read', [chunk]);
    assert.ok(bytes instanceof Uint8Array);
    chunks.push(bytes);
    last = bytes.length;
  }
  await closeFile(client, file);
  return Buffer.concat(chunks);
}

async function downloadFolder(
  client: ReplayClient,
  builtins: Netref,
  os: Netref,
  folder: string,
  chunk: number,
): Promise<void> {
  assert.equal(await pathFunction(client, os, 'isdir', folder), true);
  const names = (await client.method(os, 'listdir', [folder])) as Netref;
  const iterator = await client.object(client.temporary(names, () => iter(names)));
  assert.equal(await next(iterator), 'a.txt');
  const file = await pathFunction(client, os, 'join', folder, 'a.txt');
  assert.equal(String(await download(client, builtins, os, String(file), chunk)), 'A');
  await client.stops(iterator);
  await client.drop(iterator);
}

async function copies(client: ReplayClient, { evaluate, getmodule }: ClassicParts): Promise<void> {
  client.step('obtain');
  const dict = await client.object(call(evaluate, ["{'k': [1, 2]}"]));
  assert.ok((await client.request(Handler.pickle, dict, 4)) instanceof Uint8Array);
  await client.drop(dict);
  client.step('deliver');
  const compat = await client.inspected(call(getmodule, ['rpyc.lib.compat']));
  const pickle = await client.inspected(getattr(compat, 'pickle'));
  const loads = await client.temporary(pickle, () => client.getattr(pickle, 'loads'));
  // [1, 2, {'a': None}] as Python pickles it.
  const pickled = fromHex('80049511000000000000005d94284b014b027d948c0161944e73652e');
  const list = await client.object(client.temporary(loads, () => call(loads, [pickled])));
  assert.equal(await str(list), "[1, 2, {'a': None}]");
  await client.drop(list);
}

const STREAMS = ['stdin', 'stdout', 'stderr'] as const;

/** Puts streams of ours into the peer's `sys` while `body` runs. */
async function redirected(
  client: ReplayClient,
  sys: Netref,
  streams: readonly [stdin: object, stdout: object, stderr: object],
  body: () => Promise<void>,
): Promise<void> {
  const originals: Netref[] = [];
  for (const name of STREAMS) originals.push(await client.inspected(getattr(sys, name)));
  for (const [index, name] of STREAMS.entries()) await setattr(sys, name, streams[index]);
  await body();
  for (const [index, name] of STREAMS.entries()) await setattr(sys, name, originals[index]);
  for (const original of originals) await client.drop(original);
}

async function redirectedOutput(
  client: ReplayClient,
  { execute, getmodule, namespace }: ClassicParts,
): Promise<void> {
  client.step('redirected_stdio');
  const sys = await client.inspected(call(getmodule, ['sys']));
  const output = new StringIO();
  await redirected(client, sys, [new TextIOWrapper(), output, new TextIOWrapper()], async () => {
    await call(execute, ["print('hello from the server')"]);
  });
  assert.equal(output.text, 'hello from the server\n');

  client.step('interact-like loop over redirected stdio');
  // The same object as before, emptied: the peer learns its methods anew.
  output.text = '';
  const errors = new StringIO();
  await redirected(client, sys, [new StringIO('6*7\n'), output, errors], async () => {
    await call(execute, ["import code\ndef go(ns):\n    code.InteractiveConsole(dict(ns)).interact('hi')\n"]);
    const go = await client.itemObject(namespace, 'go');
    await call(go, [new PythonDict(new Map([['n', 6]]))]);
  });
  assert.equal(output.text, '>>> 42\n>>> ');
  assert.equal(errors.text, 'hi\n\nnow exiting InteractiveConsole...\n');
}

/** `def sq(x, y=2): return x ** 2 + y` as Python 3.11 compiles it, in the form that each version sends. */
async function teleport(client: ReplayClient, { getmodule, namespace }: ClassicParts): Promise<void> {
  client.step('teleport');
  const teleportation = await client.inspected(call(getmodule, ['rpyc.utils.teleportation']));
  const importFunction = await client.getattr(teleportation, 'import_function');
  const code = fromHex('97007c007c007a0500007c017a0000005300');
  // Code objects have positional-only arguments from Python 3.8 on, which rpyc knows from 4.1.5 on.
  const counts = client.isOld ? [2, 0, 2, 2, 3] : [2, 0, 0, 2, 2, 3];
  const start = [...counts, code, [null], [], ['x', 'y'], 'sample.py', 'sq'];
  if (!isFrom(client.recording.rpyc, 5)) {
    const old = ['sq', 'sample', [2], [...start, 1, new Uint8Array(0), [], []]];
    await client.fails(
      client.temporary(importFunction, () => call(importFunction, [old, namespace, true])),
      'builtins.TypeError',
    );
    return;
  }
  const lines = fromHex('800090719811917398319175900c');
  const exported = ['sq', 'sample', [2], null, [...start, 'sq', 1, lines, new Uint8Array(0), [], []]];
  const square = await client.object(
    client.temporary(importFunction, () => call(importFunction, [exported, namespace, true])),
  );
  assert.equal(await call(square, [5]), 27);
  await client.drop(square);
}
