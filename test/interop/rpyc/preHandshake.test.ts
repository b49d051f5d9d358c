/** What is said before the protocol, against Python servers whose authenticators want it. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import {
  AuthenticationError,
  connect,
  type Connection,
  type ConnectOptions,
  type ConnectStage,
  ErrorCode,
  type Logger,
  type PreHandshakeStep,
} from '../../../server/src/rpyc/index';
import { badServer } from '../../support/badServers';
import { eventually } from '../../support/poll';
import { type PythonPeer, startPeer } from '../../support/pythonPeer';
import { forEachVersion } from '../../support/rpycPeers';

const SECRET = 'correct horse battery staple';

async function credentialsOf(connection: Connection): Promise<unknown> {
  return await connection.root['credentials']?.();
}

async function refusal(
  { host, port }: { readonly host: string; readonly port: number },
  options: ConnectOptions,
): Promise<AuthenticationError> {
  const error = await connect(host, port, options).then(
    () => new Error('It connected'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof AuthenticationError, String(error));
  assert.equal(error.code, ErrorCode.authentication);
  return error;
}

/** Keeps all that is logged and traced. */
function record(): { readonly heard: string[]; readonly options: Pick<ConnectOptions, 'logger' | 'trace'> } {
  const heard: string[] = [];
  const listen = (message: string): void => {
    heard.push(message);
  };
  const logger: Logger = { trace: listen, debug: listen, info: listen, warn: listen, error: listen };
  return {
    heard,
    options: { logger, trace: (_direction, payload) => listen(Buffer.from(payload).toString('latin1')) },
  };
}

forEachVersion('A server that wants magic bytes', (version) => {
  let peer: PythonPeer;

  before(async () => {
    peer = await startPeer(version, 'guarded_service.py', ['magic']);
  });

  after(async () => {
    await peer[Symbol.asyncDispose]();
  });

  it('gets them before the protocol, on every stream that is opened', async () => {
    const stages: ConnectStage[] = [];
    await using connection = await connect(peer.host, peer.port, {
      preHandshake: [{ send: 'Ma6ik' }],
      onStage: (stage) => stages.push(stage),
    });
    assert.equal(await credentialsOf(connection), "'magic'");
    assert.deepEqual(stages.slice(0, 4), ['resolve', 'connect', 'authenticate', 'handshake']);
  });

  it('is told to have refused others', async () => {
    const error = await refusal(peer, { preHandshake: [{ send: 'magiK' }] });
    assert.match(error.message, /may have refused/);
  });
});

forEachVersion('A server that wants a password', (version) => {
  let peer: PythonPeer;

  before(async () => {
    peer = await startPeer(version, 'guarded_service.py', ['password', SECRET]);
  });

  after(async () => {
    await peer[Symbol.asyncDispose]();
  });

  it('gets it as a frame and answers with a frame, after which the protocol begins', async () => {
    const answers: PreHandshakeStep[] = [{ expectFrame: 'welcome' }, { expectFrameNot: 'denied' }];
    for (const answer of answers) {
      await using connection = await connect(peer.host, peer.port, {
        preHandshake: [{ sendFrame: Buffer.from(SECRET) }, answer],
      });
      assert.equal(await credentialsOf(connection), "'password'");
      assert.equal(await connection.root['double']?.(4), 8);
    }
  });

  it('can be talked to by a function', async () => {
    const heard: string[] = [];
    await using connection = await connect(peer.host, peer.port, {
      preHandshake: async (server) => {
        server.writeFrame(SECRET);
        heard.push(Buffer.from(await server.readFrame()).toString());
      },
    });
    assert.deepEqual([...new Set(heard)], ['welcome'], 'once for each stream that was opened');
    assert.equal(await connection.root['double']?.(4), 8);
  });

  it('is told to have refused a wrong one, and no secret shows in errors, logs and traces', async () => {
    const { heard, options } = record();
    const wrong = `${SECRET}!`;
    const attempts = [
      [{ sendFrame: wrong }, { expectFrame: 'welcome' }],
      [{ sendFrame: wrong }, { expectFrameNot: 'denied' }],
      [{ sendFrame: wrong }, { expect: 'something that is longer than the answer' }],
      [{ sendFrame: SECRET }, { expectFrame: SECRET }],
    ];
    for (const preHandshake of attempts as PreHandshakeStep[][]) {
      const error = await refusal(peer, { ...options, preHandshake });
      assert.match(error.message, /refuse.*\(step 2\)/);
      heard.push(inspect(error, { depth: 9, showHidden: true }));
    }
    await using connection = await connect(peer.host, peer.port, {
      ...options,
      preHandshake: [{ sendFrame: SECRET }, { expectFrame: 'welcome' }],
    });
    await connection.ping();
    const told = heard.join('\n');
    assert.ok(told.length > 100);
    assert.ok(!told.includes(SECRET), told);
    assert.ok(!told.includes('welcome'), told);
  });
});

describe('A pre-handshake', () => {
  it('has a time limit, and leaves no connection', async () => {
    await using silent = await badServer();
    const error = await refusal(silent, { timeout: 0.2, preHandshake: [{ expect: 'hello' }] });
    assert.match(error.message, /within 0.2 seconds.*step 1/);
    await eventually('the server has lost its client', () => silent.clients.size === 0);
    assert.equal(silent.visits(), 1);
  });

  it('can be cancelled', async () => {
    await using silent = await badServer();
    const controller = new AbortController();
    const attempt = connect(silent.host, silent.port, {
      signal: controller.signal,
      preHandshake: [{ expect: 'hello' }],
      onStage: (stage) => {
        if (stage === 'authenticate') setImmediate(() => controller.abort());
      },
    });
    await assert.rejects(attempt, { code: ErrorCode.aborted });
    await eventually('the server has lost its client', () => silent.clients.size === 0);
  });

  it('takes no frame beyond the limits', async () => {
    await using flood = await badServer((socket) => socket.write(Buffer.from([0x7f, 0, 0, 0, 0])));
    const error = await refusal(flood, { preHandshake: [{ expectFrame: 'hello' }] });
    assert.match((error.cause as Error).message, /longer than the limit/);
  });

  it('reads nothing beyond what it expects', async () => {
    const answer = Buffer.concat([Buffer.from('hello'), Buffer.from('rest')]);
    await using server = await badServer((socket) => socket.write(answer));
    let rest = '';
    await refusal(server, {
      preHandshake: async (peer) => {
        assert.equal(Buffer.from(await peer.read(5)).toString(), 'hello');
        rest = Buffer.from(await peer.read(4)).toString();
        throw new Error('enough');
      },
    });
    assert.equal(rest, 'rest');
  });

  it('tells what a function throws as the cause', async () => {
    await using server = await badServer();
    const reason = new Error('not today');
    const error = await refusal(server, { preHandshake: () => Promise.reject(reason) });
    assert.equal(error.cause, reason);
  });
});
