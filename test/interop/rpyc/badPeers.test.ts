/** Peers that do not keep to the protocol: each ends in a clear error, soon, with nothing left behind. */
import assert from 'node:assert/strict';

import { type Connection, connect, Handler, type RpycError } from '../../../server/src/rpyc/index';
import { closedPort } from '../../support/badServers';
import { startPeer } from '../../support/pythonPeer';

const MIB = 1024 * 1024;

/** What the first connect to each kind of bad peer ends with. */
const cases: readonly (readonly [kind: string, code: string, message: RegExp])[] = [
  ['hang', 'ERR_TIMEOUT', /no RPyC answer within 2 seconds/],
  ['drop', 'ERR_NOT_RPYC', /closes the connection without an answer/],
  ['garbage', 'ERR_NOT_RPYC', /no RPyC/],
  ['http', 'ERR_NOT_RPYC', /HTTP server/],
  ['ssh', 'ERR_NOT_RPYC', /SSH server/],
  ['huge_length', 'ERR_LIMIT', /4294967295/],
  ['bomb', 'ERR_LIMIT', /inflates/],
  ['bad_zlib', 'ERR_PROTOCOL', /inflate/],
  ['half_frame', 'ERR_PROTOCOL', /middle of a frame/],
  ['deep', 'ERR_LIMIT', /./],
  ['long_integer', 'ERR_LIMIT', /./],
  ['no_label', 'ERR_PROTOCOL', /label/],
  ['unknown_message', 'ERR_PROTOCOL', /./],
];

describe('A peer that', () => {
  for (const [kind, code, message] of cases) {
    it(`answers with ${kind.replace('_', ' ')} is told apart`, async () => {
      await using peer = await startPeer('6.0.2', 'bad_peer.py', [kind]);
      const before = process.memoryUsage().rss;
      const start = performance.now();
      await assert.rejects(connect(peer.host, peer.port, { timeout: 2 }), (error: RpycError) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, message);
        return true;
      });
      assert.ok(performance.now() - start < 5000, 'soon');
      assert.ok(process.memoryUsage().rss - before < 200 * MIB, 'within bounds');
    });
  }

  it('is not there is told apart', async () => {
    await assert.rejects(connect('127.0.0.1', await closedPort()), { code: 'ERR_REFUSED' });
    await assert.rejects(connect('no-such-host.invalid', 1), { code: 'ERR_DNS' });
  });

  it('sends an unknown label fails that request', async () => {
    await using peer = await startPeer('6.0.2', 'bad_peer.py', ['bad_label']);
    await assert.rejects(connect(peer.host, peer.port), /invalid label/);
  });

  it('hangs can be left', async () => {
    await using peer = await startPeer('6.0.2', 'bad_peer.py', ['hang']);
    const abort = new AbortController();
    const stages: string[] = [];
    const attempt = connect(peer.host, peer.port, {
      signal: abort.signal,
      onStage: (stage) => {
        stages.push(stage);
        if (stage === 'root') setImmediate(() => abort.abort());
      },
    });
    await assert.rejects(attempt, { code: 'ERR_ABORTED' });
    assert.equal(stages.at(-1), 'root');
  });

  it('asks without end and reads nothing is cut off', async () => {
    await using peer = await startPeer('6.0.2', 'bad_peer.py', ['flood']);
    const connection = await connect(peer.host, peer.port);
    const error = await endOf(connection);
    assert.equal((error as RpycError).code, 'ERR_LIMIT');
    assert.equal(connection.lentReferences, 0);
  });

  it('makes us hold objects without end is cut off', async () => {
    await using peer = await startPeer('6.0.2', 'bad_peer.py', ['references']);
    const connection = await connect(peer.host, peer.port, { limits: { maxHeldRefs: 5000 } });
    await assert.rejects(connection.syncRequest(Handler.ping, 1), { code: 'ERR_LIMIT' });
    assert.equal(connection.closed, true);
    assert.equal(connection.heldReferences, 0);
  });
});

async function endOf(connection: Connection): Promise<Error | undefined> {
  return await new Promise((resolve) => {
    connection.onDidClose(resolve);
  });
}
