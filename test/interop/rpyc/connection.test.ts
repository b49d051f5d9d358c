/** The life of a connection: how it is made, how long it waits, how it ends. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import {
  classic,
  connect,
  type ConnectStage,
  type DialectName,
  Handler,
  type Netref,
  RemoteError,
} from '../../../server/src/rpyc/index';
import { eventually } from '../../support/poll';
import { startClassic, startPeer } from '../../support/pythonPeer';
import { ClassicFixture, forEachVersion } from '../../support/rpycPeers';
import { bindsThreads, asText, dialectOfVersion, isFrom, wrongDialectFor } from '../../support/versions';

forEachVersion('A connection', (version) => {
  const fixture = new ClassicFixture(version);

  it('goes through its stages and remembers the dialect', async () => {
    const stages: ConnectStage[] = [];
    const dialectMemory = new Map<string, DialectName>();
    const options = { dialectMemory, onStage: (stage: ConnectStage) => stages.push(stage) };
    await using first = await fixture.connect(options);
    const attempt = ['resolve', 'connect', 'handshake', 'root'];
    const isFirstGuess = dialectOfVersion(version) !== 'D';
    assert.deepEqual(stages, isFirstGuess ? attempt : [...attempt, ...attempt]);
    assert.deepEqual([...dialectMemory.values()], [first.dialect]);
    stages.length = 0;
    await using second = await fixture.connect(options);
    assert.deepEqual(stages, attempt, 'what is known is not tried out again');
    assert.equal(second.dialect, first.dialect);
  });

  it('leaves nothing of a wrong guess with the server', async () => {
    const { connection } = fixture;
    // The program's own threads: one that accepts, and one for this connection.
    const count = "len([t for t in __import__('threading').enumerate() if 'Plumbum' not in t.name])";
    await eventually('the server has two threads', async () => (await connection.eval(count)) === 2);
  });

  it('corrects a memory that is wrong', async () => {
    const wrong = wrongDialectFor(version);
    const { host, port } = fixture.peer;
    const dialectMemory = new Map<string, DialectName>([[`${host}:${port}`, wrong]]);
    await using connection = await fixture.connect({ dialectMemory });
    assert.equal(connection.dialect, dialectOfVersion(version));
    assert.equal(dialectMemory.get(`${host}:${port}`), dialectOfVersion(version));
  });

  it('shows itself as where it goes and what is known, without a request', async () => {
    const dialect = dialectOfVersion(version);
    const connection = await fixture.connect({ dialect });
    const { host, port } = fixture.peer;
    const name = `ClassicConnection ${host}:${port}`;
    assert.equal(String(connection), `<${name} (${dialect})>`);
    assert.equal(inspect(connection), String(connection));
    assert.equal(connection.counters.framesSent, 0);
    const told = await connection.fetchRemoteVersion();
    assert.equal(String(connection), `<${name} (${[dialect, told].filter(Boolean).join(', ')})>`);
    await connection.close();
    assert.match(String(connection), /, closed\)>$/);
  });

  it('in a given dialect asks nothing beforehand', async () => {
    await using connection = await fixture.connect({ dialect: dialectOfVersion(version) });
    assert.equal(connection.counters.framesSent, 0);
    assert.equal(await connection.eval('1 + 1'), 2);
  });

  it('in the wrong dialect says so', async () => {
    const wrong = wrongDialectFor(version);
    await using connection = await fixture.connect({ dialect: wrong });
    await assert.rejects(Promise.resolve(connection.root), { code: 'ERR_DIALECT' });
  });

  it('to a one-shot server is never tried out', async () => {
    await using peer = await startClassic(version, { mode: 'oneshot' });
    await assert.rejects(classic.connect(peer.host, peer.port, { oneShot: true }), {
      code: 'ERR_DIALECT_REQUIRED',
    });
    const options = { oneShot: true, dialect: dialectOfVersion(version) };
    await using connection = await classic.connect(peer.host, peer.port, options);
    assert.equal(await connection.eval('6 * 7'), 42);
    await connection.close();
    // Up to 4.1.0 it goes on waiting, with nobody to serve.
    if (isFrom(version, 4, 1, 1)) assert.equal(await peer.exited, 0);
  });

  (bindsThreads(version) ? it : () => undefined)('binds threads where the server does', async () => {
    await using peer = await startPeer(version, 'strict_service.py', ['bound']);
    await using connection = await connect(peer.host, peer.port);
    const root = (await connection.root) as Netref;
    assert.equal(await root['add']?.(1, 2), 3);
    const nested = await root.apply(async (n: number) => await root['add']?.(n, 1), 41);
    assert.equal(nested, 42);
  });

  it('pings, and keeps the line alive', async () => {
    const { connection } = fixture;
    await connection.ping();
    await connection.ping([1, null, 'data']);
    connection.keepalive();
    connection.keepalive();
    await connection.ping(null, 5);
  });

  it('stops waiting after a time, and goes on', async () => {
    const { connection } = fixture;
    const sleep = await connection.eval<Netref>("__import__('time').sleep");
    const call = connection.request(Handler.call, [sleep, [0.1], []], { timeoutSeconds: 0.02 });
    await assert.rejects(call, { code: 'ERR_TIMEOUT' });
    assert.equal(connection.openRequests, 0);
    assert.equal(await connection.eval('6 * 7'), 42);
    connection.configure({ sync_request_timeout: 0.02 });
    await assert.rejects(Promise.resolve(sleep(0.1)), { code: 'ERR_TIMEOUT' });
  });

  it('stops waiting at a signal, before and after sending', async () => {
    const { connection } = fixture;
    const { requestsSent } = connection.counters;
    const early = connection.request(Handler.ping, [1], { signal: AbortSignal.abort() });
    await assert.rejects(early, { code: 'ERR_ABORTED' });
    assert.equal(connection.counters.requestsSent, requestsSent);
    const abort = new AbortController();
    const late = connection.request(Handler.ping, [1], { signal: abort.signal });
    abort.abort();
    await assert.rejects(late, { code: 'ERR_ABORTED' });
  });

  it('closed here settles what is open, and frees the server', async () => {
    const connection = await fixture.connect();
    const closed: (Error | undefined)[] = [];
    connection.onDidClose((error) => closed.push(error));
    const open = Promise.resolve(connection.eval("__import__('time').sleep(0.2)"));
    const settled = assert.rejects(open, { code: 'ERR_CLOSED' });
    await connection.close();
    await settled;
    await connection.close();
    assert.deepEqual(closed, [undefined]);
    assert.equal(connection.closed, true);
    assert.equal(connection.openRequests, 0);
    assert.equal(connection.heldReferences, 0);
    await connection.serveAll();
  });

  it('closed by the peer settles what is open', async () => {
    const connection = await fixture.connect();
    const closed: (Error | undefined)[] = [];
    connection.onDidClose((error) => closed.push(error));
    await connection.execute('import threading');
    const self =
      "next(f.f_locals['self'] for f in frames if hasattr(f.f_locals.get('self'), '_local_objects'))";
    await connection.execute(`
def connection_of(frame):
    frames = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return ${self}
`);
    const close = connection.eval("connection_of(__import__('sys')._getframe()).close()");
    await assert.rejects(Promise.resolve(close), { code: 'ERR_CLOSED' });
    await connection.serveAll();
    assert.equal(closed.length, 1);
    assert.ok(closed[0] instanceof Error);
  });

  it('to a server that dies settles what is open', async () => {
    const peer = await startClassic(version);
    const connection = await classic.connect(peer.host, peer.port);
    const open = Promise.resolve(connection.eval("__import__('time').sleep(30)"));
    const settled = assert.rejects(open, { code: 'ERR_CLOSED' });
    await eventually('the call is on its way', () => connection.openRequests > 0);
    await peer[Symbol.asyncDispose]();
    await settled;
    await connection.serveAll();
    await assert.rejects(Promise.resolve(connection.eval('1')), { code: 'ERR_CLOSED' });
  });

  it('to a server that is busy ends without it', async () => {
    const connection = await fixture.connect();
    const busy = Promise.resolve(connection.eval("__import__('time').sleep(0.5)"));
    const settled = assert.rejects(busy, { code: 'ERR_CLOSED' });
    const start = performance.now();
    await connection.close();
    await settled;
    assert.ok(performance.now() - start < 400, 'closing does not wait for the call');
  });
});

forEachVersion('A strict service', (version) => {
  it('is reached through its exposed names only', async () => {
    await using peer = await startPeer(version, 'strict_service.py');
    await using connection = await connect(peer.host, peer.port);
    const root = (await connection.root) as Netref;
    assert.equal(await root['add']?.(2, 3), 5);
    assert.equal(await root['exposed_add']?.(2, 3), 5);
    assert.deepEqual(await root['version'], [1, 2]);
    assert.equal(asText(await root['get_service_name']?.()), 'CALC');
    assert.deepEqual(asText(await root['get_service_aliases']?.()), ['CALC', 'ADDER']);
    for (const name of ['private', '_secret', '__class__', 'ALIASES', '__dict__']) {
      await assert.rejects(Promise.resolve(root[name]), (error) => {
        // Up to 3.4.3 a service adds the prefix and looks no further.
        const refusal = isFrom(version, 3, 4)
          ? `cannot access '${name}'`
          : `has no attribute 'exposed_${name}'`;
        return error instanceof RemoteError && error.message.includes(refusal);
      });
    }
    const counter = await root['counter']?.<Netref>();
    assert.equal(await counter?.['add']?.(4), 4);
    assert.equal(await counter?.['total'], 4);
    assert.equal(await root.apply((a: number, b: number) => a * b, 6, 7), 42);
    const items: unknown[] = [];
    for await (const item of root['items']?.() ?? []) items.push(item);
    assert.deepEqual(asText(items.slice(0, 2)), ['a', ['b', 2]]);
    await assert.rejects(connection.syncRequest(Handler.pickle, root, 2), { typeName: 'ValueError' });
  });
});
