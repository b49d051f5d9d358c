/** Job 10 of users.md: each reason why a connection fails has a sentence of its own, which comes soon. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

import { Connect } from '../../../server/src/api/messages';
import type { Problem, Profile, Secrets } from '../../../server/src/api/model';
import { Backend } from '../../support/backend';
import { badServer } from '../../support/badServers';
import { type CertificateFiles, TestAuthority } from '../../support/certificates';
import { droppedPort } from '../../support/droppedPort';
import { type Address, profileTo } from '../../support/pool';
import { RPYC_VERSIONS, startClassic, startPeer } from '../../support/pythonPeer';
import { startSshd } from '../../support/sshd';

const SOON_MS = 5000;

/** What `rpyc-ng` 7.0.15 answers to a request for its root: recorded from its classic server. */
const FORK_ROOT = Buffer.from(
  '0000004900021150115413080e1e727079632e636f72652e736572766963652e536c61766553657276696365' +
    '160e3934363937333436353737353230160f313430363631323038383635383430530a',
  'hex',
);

/** What it says before it hangs up on a request in the envelope of before 6.0. */
const FORK_GOODBYE = Buffer.from('000000080001115011521151020a', 'hex');

/** Tells why there is no connection: in one sentence, without words that only programmers know. */
async function whyNot(
  address: Address,
  more: Partial<Profile> = {},
  secrets: Secrets = {},
): Promise<Problem> {
  await using backend = await Backend.start([profileTo(address, more)]);
  const began = performance.now();
  const problem = await backend.problem(Connect, { profileId: 'p', secrets });
  const took = performance.now() - began;
  assert.ok(took < SOON_MS, `“${problem.message}” took ${Math.round(took)} ms`);
  assert.doesNotMatch(problem.message, /EOFError|Error|ECONN|errno|undefined|\n/);
  assert.match(problem.message, /^[^.]+(\.\S[^.]*)*\.$/, 'it is one sentence');
  assert.deepEqual((await backend.state({ status: 'failed' })).problem, problem);
  return problem;
}

/** A sentence without its address, so that two of them can be compared. */
function kindOf({ message }: Problem, { host, port }: Address): string {
  return message.replaceAll(`${host}:${port}`, 'there');
}

describe('job 10: say why it failed', function () {
  this.timeout(60_000);

  let authority: TestAuthority;
  let files: CertificateFiles;
  /** Each sentence that was told, by what was wrong. */
  const told = new Map<string, string>();

  before(async () => {
    authority = await TestAuthority.create();
    files = await authority.issue('server');
  });

  after(async () => {
    await authority[Symbol.asyncDispose]();
  });

  it('job 10: say why it failed: a web server', async () => {
    const server = createHttpServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
      const problem = await whyNot(address);
      assert.match(problem.message, /^A web server \(HTTP\) answers on .*: correct the port\.$/);
      told.set('HTTP', kindOf(problem, address));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('job 10: say why it failed: an SSH server', async () => {
    await using sshd = await startSshd();
    const problem = await whyNot(sshd);
    assert.match(problem.message, /^An SSH server answers on .*: correct the port\.$/);
    told.set('SSH', kindOf(problem, sshd));
  });

  it('job 10: say why it failed: a server that speaks TLS, and is no RPyC server', async () => {
    const server = createTlsServer({ key: readFileSync(files.key), cert: readFileSync(files.cert) });
    server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
      const problem = await whyNot(address);
      assert.match(
        problem.message,
        /wants an encrypted connection: set the kind .* to TLS, or correct the port\.$/,
      );
      told.set('TLS', kindOf(problem, address));
    } finally {
      server.close();
    }
  });

  it('job 10: say why it failed: a firewall that drops what comes', async () => {
    await using dropped = await droppedPort();
    const problem = await whyNot(dropped);
    assert.match(problem.message, /does not answer: check the host and port, and any firewall in between\.$/);
    told.set('firewall', kindOf(problem, dropped));
  });

  for (const version of RPYC_VERSIONS) {
    it(`job 10: say why it failed: rpyc ${version} wants TLS`, async () => {
      const args = ['--ssl-keyfile', files.key, '--ssl-certfile', files.cert];
      await using peer = await startClassic(version, { args });
      const problem = await whyNot(peer);
      assert.match(problem.message, /wants an encrypted connection: set the kind of the connection to TLS/);
      assert.equal(kindOf(problem, peer), told.get('TLS'), 'what shows is TLS, in both cases');
    });

    it(`job 10: say why it failed: the password that rpyc ${version} wants first is wrong`, async () => {
      await using peer = await startPeer(version, 'guarded_service.py', ['password', 'correct horse']);
      const preHandshake = [{ sendFrame: { secret: 'door' } }, { expectFrame: 'welcome' }];
      const problem = await whyNot(peer, { preHandshake }, { door: 'wrong' });
      assert.match(problem.message, /refused what it was told before the protocol: check the password/);
      told.set('password', kindOf(problem, peer));
      const none = await whyNot(peer);
      assert.match(none.message, /ask whoever runs the server whether it wants a password first\.$/);
      told.set('no password', kindOf(none, peer));
    });

    it(`job 10: say why it failed: the one client of rpyc ${version} is another one`, async () => {
      await using peer = await startClassic(version, { mode: 'oneshot' });
      const dialect = version === '5.3.0' ? 'C' : 'D';
      await using other = await Backend.start([profileTo(peer, { oneShot: true, dialect })]);
      await other.request(Connect, { profileId: 'p' });
      const problem = await whyNot(peer);
      assert.match(problem.message, /may serve one client at a time and be busy, so close its other client/);
      told.set('busy', kindOf(problem, peer));
    });
  }

  it('job 10: say why it failed: the fork rpyc-ng', async () => {
    await using fork = await badServer(
      () => undefined,
      (socket, data) => {
        if (data[5] === 1) socket.write(FORK_ROOT);
        else socket.end(FORK_GOODBYE);
      },
    );
    const problem = await whyNot(fork);
    assert.match(problem.message, /runs rpyc-ng, a fork that cannot talk to RPyC: install rpyc itself/);
    told.set('rpyc-ng', kindOf(problem, fork));
  });

  it('job 10: say why it failed: each in a sentence of its own', () => {
    const sentences = [...told.values()];
    assert.equal(sentences.length, 8, [...told.keys()].join());
    assert.equal(new Set(sentences).size, sentences.length, sentences.join('\n'));
  });
});
