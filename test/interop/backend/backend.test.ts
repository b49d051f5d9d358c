import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import {
  Connect,
  Diagnostics,
  Disconnect,
  ObjectChildren,
  ObjectRoots,
  Run,
  SetProfiles,
} from '../../../server/src/api/messages';
import type { ObjectNode, RunRequest } from '../../../server/src/api/model';
import { BACKENDS, Backend } from '../../support/backend';
import { badServer, closedPort } from '../../support/badServers';
import { eventually } from '../../support/poll';
import { profileTo } from '../../support/pool';
import { RPYC_VERSIONS, runPython, startClassic } from '../../support/pythonPeer';

const HOST = '127.0.0.1';

function snippet(source: string, runId = 'r1'): RunRequest {
  return { profileId: 'p', runId, source, fileName: '/home/me/try.py', lineOffset: 0 };
}

function named(nodes: readonly ObjectNode[], kind: string): ObjectNode {
  const node = nodes.find((each) => each.kind === kind);
  assert.ok(node, `No ${kind} among ${nodes.map(({ name }) => name).join(', ')}`);
  return node;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('background process', function () {
  this.timeout(60_000);

  for (const version of RPYC_VERSIONS) {
    for (const [name, program] of Object.entries(BACKENDS)) {
      it(`explores and runs on rpyc ${version} (${name})`, async () => {
        await using server = await startClassic(version);
        await using backend = await Backend.start([profileTo(server)], { program });
        assert.equal(backend.hello.pid, backend.pid);
        const state = await backend.request(Connect, { profileId: 'p' });
        assert.equal(state.peer?.rpycVersion, version);

        const roots = await backend.request(ObjectRoots, { profileId: 'p' });
        const modules = named(roots, 'modules');
        assert.equal(modules.handle.epoch, backend.hello.epoch);
        const page = await backend.request(ObjectChildren, {
          handle: modules.handle,
          offset: 0,
          limit: 100,
          filter: 'json',
        });
        assert.ok(page.nodes.every((node) => node.name.includes('json')));

        const first = await backend.request(Run, snippet('answer = 41\nprint("hello")\nanswer + 1'));
        assert.equal(first.status, 'done');
        assert.equal(first.value, '42');
        assert.equal(backend.output.map(({ text }) => text).join(''), 'hello\n');
        const second = await backend.request(Run, snippet('answer', 'r2'));
        assert.equal(second.value, '41');

        const namespace = await backend.request(ObjectChildren, {
          handle: named(roots, 'namespace').handle,
          offset: 0,
          limit: 100,
        });
        const answer = namespace.nodes.find((node) => node.name.includes('answer'));
        assert.equal(answer?.value, '41');

        await backend.request(Disconnect, { profileId: 'p' });
        await backend.state({ status: 'disconnected' });
        assert.equal(await backend.shutdown(), 0);
      });
    }
  }

  it('fails each request with a problem, and goes on', async () => {
    const port = await closedPort();
    await using backend = await Backend.start([
      profileTo({ host: HOST, port }),
      { ...profileTo({ host: HOST, port }, { id: 'bad' }), transport: { kind: 'tcp', host: '', port } },
    ]);
    const refused = await backend.problem(Connect, { profileId: 'p' });
    assert.equal(refused.code, 'ERR_REFUSED');
    assert.match(refused.message, /Nothing listens/);
    assert.equal((await backend.problem(Connect, { profileId: 'nobody' })).code, 'ERR_UNKNOWN_PROFILE');
    assert.equal((await backend.problem(Connect, { profileId: 'bad' })).code, 'ERR_PROFILE');
    assert.match((await backend.state({ profileId: 'bad' })).problem?.message ?? '', /transport\.host/);
    assert.equal((await backend.problem(Run, snippet('1'))).code, 'ERR_REFUSED');
    await backend.request(Disconnect, { profileId: 'p' });
    assert.equal((await backend.problem(Run, snippet('1'))).code, 'ERR_NOT_CONNECTED');
    const stale = await backend.problem(ObjectChildren, {
      handle: { epoch: 'another', id: 1 },
      offset: 0,
      limit: 10,
    });
    assert.equal(stale.code, 'ERR_STALE');
    assert.equal(backend.hasExited, false);
  });

  it('stops trying to connect when the request is cancelled', async () => {
    await using server = await badServer();
    await using backend = await Backend.start([profileTo(server)]);
    const cancel = new AbortController();
    const connecting = backend.request(Connect, { profileId: 'p' }, cancel.signal);
    const failed = assert.rejects(connecting);
    await eventually('it reaches the server', () => server.clients.size === 1);
    cancel.abort();
    await failed;
    await backend.state({ status: 'disconnected' });
    await eventually('the socket is closed', () => server.clients.size === 0);
  });

  it('forgets the connection of a profile that is gone', async () => {
    await using server = await startClassic('5.3.0');
    await using backend = await Backend.start([profileTo(server)]);
    await backend.request(Connect, { profileId: 'p' });
    await backend.notify(SetProfiles, { profiles: [] });
    await backend.state({ status: 'disconnected' });
    assert.equal((await backend.problem(ObjectRoots, { profileId: 'p' })).code, 'ERR_UNKNOWN_PROFILE');
  });

  it('says goodbye to its peers and ends within two seconds', async () => {
    await using server = await startClassic('6.0.2');
    for (const end of ['shutdown', 'SIGTERM', 'disconnect'] as const) {
      // With its dialect given, or the server would tell of the first attempt.
      await using backend = await Backend.start([profileTo(server, { dialect: 'D' })]);
      await backend.request(Connect, { profileId: 'p' });
      const began = performance.now();
      if (end === 'shutdown') {
        assert.equal(await backend.shutdown(), 0);
      } else if (end === 'SIGTERM') {
        backend.kill('SIGTERM');
        assert.equal(await backend.exited, 0);
      } else {
        backend.abandon();
        await backend.exited;
      }
      assert.ok(performance.now() - began < 2000, `${end} took ${performance.now() - began} ms`);
    }
    assert.doesNotMatch(server.log(), /abrupt|Traceback/i);
  });

  it('ends within two seconds although a peer is silent', async () => {
    await using server = await badServer();
    await using backend = await Backend.start([profileTo(server)]);
    const connecting = assert.rejects(backend.request(Connect, { profileId: 'p' }));
    await eventually('it reaches the server', () => server.clients.size === 1);
    const began = performance.now();
    assert.equal(await backend.shutdown(), 0);
    await connecting.catch(() => undefined);
    assert.ok(performance.now() - began < 2000);
  });

  it('tells which dialect an endpoint speaks, and does not try others when it is told so', async () => {
    await using server = await startClassic('6.0.2');
    const endpoint = `${HOST}:${server.port}`;
    await using first = await Backend.start([profileTo(server)]);
    await first.request(Connect, { profileId: 'p' });
    await eventually('it tells', () => first.dialects[endpoint] !== undefined);
    assert.deepEqual(first.dialects, { [endpoint]: 'D' });
    const guesses = (): number => server.log().match(/invalid message type/g)?.length ?? 0;
    const before = guesses();
    assert.ok(before > 0);
    await using second = await Backend.start([profileTo(server)], { dialects: first.dialects });
    await second.request(Connect, { profileId: 'p' });
    await second.request(Run, snippet('1'));
    assert.equal(guesses(), before);
    assert.deepEqual(second.dialects, {});
  });

  it('leaves nothing behind when it is killed, and the server serves on', async () => {
    await using server = await startClassic('5.3.0');
    const backend = await Backend.start([profileTo(server)]);
    await backend.request(Connect, { profileId: 'p' });
    assert.deepEqual(childrenOf(backend.pid), []);
    await backend[Symbol.asyncDispose]();
    assert.ok(!isAlive(backend.pid));
    const { stdout } = await runPython(
      '5.3.0',
      'import rpyc, sys; print(rpyc.classic.connect("127.0.0.1", int(sys.argv[1])).eval("6 * 7"))',
      [String(server.port)],
    );
    assert.equal(stdout.trim(), '42');
  });

  it('ends when the process that started it dies', async () => {
    const parent = spawn(process.execPath, [path.join(__dirname, '../../support/backendParent.js')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      assert.ok(isAlive(pid));
      parent.kill('SIGKILL');
      await eventually('the background process has ended', () => !isAlive(pid), { timeoutMs: 5000 });
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('traces the wire without values, and tells diagnostics without names', async () => {
    await using server = await startClassic('5.3.0');
    await using backend = await Backend.start([profileTo(server, { label: 'Private Lab' })], {
      trace: 'messages',
    });
    await backend.request(Connect, { profileId: 'p' });
    await backend.request(Run, snippet('"hush" + "hush"'));
    const trace = backend.log.filter((line) => line.startsWith('trace: wire'));
    assert.ok(
      trace.some((line) => /→ request getroot 0, \d+ bytes$/.test(line)),
      trace.join('\n'),
    );
    assert.ok(
      trace.some((line) => /← reply 0, \d+ bytes, [\d.]+ ms$/.test(line)),
      trace.join('\n'),
    );
    const report = await backend.request(Diagnostics, null);
    assert.match(report, /rpyc 5\.3\.0/);
    assert.match(report, /threaded server/);
    assert.match(report, /→ request getroot 0/);
    for (const secret of ['Private Lab', 'hush', '/home/me']) {
      assert.ok(!report.includes(secret), `${secret} is in the report:\n${report}`);
      assert.ok(!trace.join('\n').includes(secret));
    }
  });
});

function childrenOf(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
}
