/** Every way to a server, through the real background process, as the editor uses it. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  Connect,
  Diagnostics,
  Disconnect,
  ObjectChildren,
  ObjectRoots,
  Run,
} from '../../../server/src/api/messages';
import type { ConnectionState, ObjectNode, Profile, Secrets, Transport } from '../../../server/src/api/model';
import { checkProfile } from '../../../server/src/api/profile';
import { Backend } from '../../support/backend';
import { type CertificateFiles, TestAuthority } from '../../support/certificates';
import { eventually } from '../../support/poll';
import { descendants } from '../../support/processTable';
import {
  CLASSIC_PROGRAM,
  type PythonPeer,
  pythonEnv,
  RPYC_VERSIONS,
  type RpycVersion,
  startClassic,
  startPeer,
} from '../../support/pythonPeer';
import { type Sshd, startSshd } from '../../support/sshd';

const SECRET = 'correct horse battery staple';

let authority: TestAuthority;
let good: CertificateFiles;
let misnamed: CertificateFiles;
let own: CertificateFiles;
let client: CertificateFiles;
let sshd: Sshd;
let folder: string;

/** A profile as the settings would give it. */
function profileOver(transport: Transport, more: Partial<Profile> = {}): Profile {
  const checked = checkProfile({ id: 'p', label: 'Lab', transport, ...more });
  return 'profile' in checked ? checked.profile : assert.fail(JSON.stringify(checked.fault));
}

function startTls(
  version: RpycVersion,
  files: CertificateFiles,
  args: readonly string[] = [],
): Promise<PythonPeer> {
  return startClassic(version, {
    args: ['--ssl-keyfile', files.key, '--ssl-certfile', files.cert, ...args],
  });
}

/** Connects, opens a row, runs a line, and gives what was told on the way. */
async function explore(
  backend: Backend,
  secrets: Secrets = {},
): Promise<{ readonly pid: number; readonly state: ConnectionState; readonly stages: readonly string[] }> {
  const state = await backend.request(Connect, { profileId: 'p', secrets });
  const roots = await backend.request(ObjectRoots, { profileId: 'p' });
  const builtins = roots.find(({ kind }) => kind === 'builtins') as ObjectNode;
  const page = await backend.request(ObjectChildren, { handle: builtins.handle, offset: 0, limit: 20 });
  assert.ok(page.nodes.length === 20, 'rows under the builtins');
  const { value } = await backend.request(Run, {
    profileId: 'p',
    runId: 'r',
    source: '__import__("os").getpid()',
    fileName: '/x.py',
    lineOffset: 0,
  });
  const stages = backend.states.flatMap(({ stage }) => stage ?? []);
  return { pid: Number(value), state, stages };
}

async function problemOver(
  profile: Profile,
  secrets: Secrets = {},
): Promise<{ code: string; message: string }> {
  await using backend = await Backend.start([profile]);
  const problem = await backend.problem(Connect, { profileId: 'p', secrets });
  assert.doesNotMatch(problem.message, /EOFError|ECONN|errno|undefined/);
  return problem;
}

function tls({ host, port }: PythonPeer, more: object = {}): Transport {
  return { kind: 'tls', host, port, ...more };
}

describe('the ways to a server', () => {
  /** One sshd and one authority for all suites here. */
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rpyc-kinds-'));
    authority = await TestAuthority.create();
    good = await authority.issue('server');
    misnamed = await authority.issue('misnamed', { names: 'DNS:elsewhere.example' });
    own = await authority.selfSigned('self');
    client = await authority.issue('ann');
    sshd = await startSshd();
  });

  after(async () => {
    await authority[Symbol.asyncDispose]();
    await sshd[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const version of RPYC_VERSIONS) {
    describe(`ways to a server of rpyc ${version}`, () => {
      it('job 13: connects by mutual TLS, and says who is not trusted', async () => {
        await using peer = await startTls(version, good, ['--ssl-cafile', authority.ca]);
        const trusted = tls(peer, { ca: authority.ca, ...client });
        await using backend = await Backend.start([profileOver(trusted)]);
        const { pid, state, stages } = await explore(backend);
        assert.equal(pid, peer.pid);
        assert.equal(state.peer?.serverKind, 'threaded');
        assert.ok(stages.includes('tls') && stages.includes('handshake'), stages.join(' '));
        await backend.request(Disconnect, { profileId: 'p' });
        const missing = await problemOver(profileOver(tls(peer, { ca: authority.ca })));
        assert.equal(missing.code, 'ERR_TLS_CLIENT_CERTIFICATE');
        assert.match(missing.message, /set the certificate and the key/);
        const unknown = await problemOver(profileOver(tls(peer)));
        assert.equal(unknown.code, 'ERR_TLS_UNTRUSTED');
        assert.match(unknown.message, /CA file/);
      });

      it('job 13: refuses another host name, and trusts a self-signed certificate by its pin', async () => {
        await using wrong = await startTls(version, misnamed);
        const name = await problemOver(profileOver(tls(wrong, { ca: authority.ca })));
        assert.equal(name.code, 'ERR_TLS_NAME');
        assert.match(name.message, /another host name: .*servername/);
        await using self = await startTls(version, own);
        const bare = await problemOver(profileOver(tls(self)));
        assert.equal(bare.code, 'ERR_TLS_SELF_SIGNED');
        const pin = new X509Certificate(readFileSync(own.cert)).fingerprint256;
        const digits = pin.replaceAll(':', '').toLowerCase();
        assert.ok(bare.message.includes(`pin its SHA-256 fingerprint, which is ${digits}`), bare.message);
        await using backend = await Backend.start([profileOver(tls(self, { pin }))]);
        assert.equal((await explore(backend)).pid, self.pid);
        const other = new X509Certificate(readFileSync(good.cert)).fingerprint256;
        const mismatch = await problemOver(profileOver(tls(self, { pin: other })));
        assert.equal(mismatch.code, 'ERR_TLS_PIN');
        assert.ok(mismatch.message.includes(digits), mismatch.message);
        await using lax = await Backend.start([profileOver(tls(self, { insecure: true }))]);
        assert.equal((await explore(lax)).pid, self.pid);
      });

      it('goes through a Unix socket', async () => {
        const socket = path.join(folder, `it is ${version}.sock`);
        await using peer = await startPeer(version, 'socket_service.py', [socket]);
        await using backend = await Backend.start([profileOver({ kind: 'unix', path: socket })]);
        assert.equal((await explore(backend)).pid, peer.pid);
        assert.ok((await backend.state({ openConnections: 2 })).peer?.serverKind === 'threaded');
      });

      it('goes through SSH to a port and to a socket, and leaves no ssh behind', async () => {
        await using peer = await startClassic(version);
        const { host, configFile } = sshd.machine;
        const machine = { kind: 'ssh', host, configFile } as const;
        const far = { remoteHost: peer.host, remotePort: peer.port };
        await using backend = await Backend.start([profileOver({ ...machine, ...far })]);
        const { pid, stages } = await explore(backend);
        assert.equal(pid, peer.pid);
        assert.ok(stages.includes('connect'), stages.join(' '));
        assert.ok(descendants(backend.pid).length > 0);
        await backend.request(Disconnect, { profileId: 'p' });
        await eventually('ssh has gone', () => descendants(backend.pid).length === 0);
        const remoteSocket = path.join(folder, `far ${version}.sock`);
        await using other = await startPeer(version, 'socket_service.py', [remoteSocket]);
        await using second = await Backend.start([profileOver({ ...machine, remoteSocket })]);
        assert.equal((await explore(second)).pid, other.pid);
      });

      it('comes back through SSH once its server does', async () => {
        await using peer = await startClassic(version);
        const { port } = peer;
        const transport = { kind: 'ssh', ...sshd.machine, remoteHost: peer.host, remotePort: port } as const;
        await using backend = await Backend.start([profileOver(transport)]);
        await backend.request(Connect, { profileId: 'p' });
        peer.kill();
        await backend.state({ status: 'reconnecting' });
        await using back = await startClassic(version, { port });
        assert.equal(
          (await backend.state({ status: 'connected', generation: 2 }, 20_000)).peer?.pid,
          back.pid,
        );
      });

      it('starts a program, uses one of it only, and ends it with the connection', async () => {
        const { python, env } = pythonEnv(version);
        const command = [python, '-u', '-c', CLASSIC_PROGRAM, '-q', '-m', 'stdio'];
        const texts = Object.entries(env).flatMap(([key, value]) =>
          value === undefined ? [] : [[key, value]],
        );
        const transport: Transport = {
          kind: 'subprocess',
          command,
          env: Object.fromEntries(texts) as Secrets,
        };
        await using backend = await Backend.start([profileOver(transport)]);
        const { state, pid } = await explore(backend);
        assert.equal(state.peer?.serverKind, 'stdio');
        assert.deepEqual(
          descendants(backend.pid).map((entry) => entry.pid),
          [pid],
        );
        process.kill(pid, 'SIGKILL');
        const lost = await backend.state({ status: 'lost' });
        assert.match(lost.problem?.message ?? '', /press Connect/);
        assert.ok(!backend.states.some(({ status }) => status === 'reconnecting'));
        await backend.request(Connect, { profileId: 'p' });
        await backend.request(Disconnect, { profileId: 'p' });
        await eventually('the program has ended', () => descendants(backend.pid).length === 0);
      });

      it('says a password before the protocol, which nobody reads anywhere', async () => {
        await using peer = await startPeer(version, 'guarded_service.py', ['password', SECRET]);
        const profile = profileOver(
          { kind: 'tcp', host: peer.host, port: peer.port },
          { preHandshake: [{ sendFrame: { secret: 'door' } }, { expectFrame: 'welcome' }] },
        );
        await using backend = await Backend.start([profile], { trace: 'verbose' });
        const missing = await backend.problem(Connect, { profileId: 'p' });
        assert.equal(missing.code, 'ERR_SECRET');
        const wrong = await backend.problem(Connect, { profileId: 'p', secrets: { door: 'open sesame' } });
        assert.equal(wrong.code, 'ERR_AUTHENTICATION');
        assert.match(wrong.message, /check the password/);
        const state = await backend.request(Connect, { profileId: 'p', secrets: { door: SECRET } });
        assert.match(state.peer?.rootType ?? '', /GuardedService/);
        assert.ok(backend.states.some(({ stage }) => stage === 'authenticate'));
        const report = await backend.request(Diagnostics, null);
        const told = JSON.stringify([report, backend.states, backend.log, missing, wrong]);
        assert.ok(backend.log.length > 0, 'the wire was traced');
        assert.doesNotMatch(told, /correct horse|open sesame/);
      });

      it('job 10: says that TLS is wanted, that it is not spoken, and that its version is too old', async () => {
        await using secure = await startTls(version, good);
        const plain = await problemOver(profileOver({ kind: 'tcp', host: secure.host, port: secure.port }));
        assert.equal(plain.code, 'ERR_NOT_RPYC');
        assert.match(plain.message, /set the kind of the connection to TLS|password or TLS first/);
        await using open = await startClassic(version);
        const none = await problemOver(profileOver(tls(open)));
        assert.equal(none.code, 'ERR_NOT_TLS');
        assert.match(none.message, /set the kind of the connection to TCP/);
        await using old = await startPeer(version, 'guarded_service.py', ['tls1', good.key, good.cert]);
        const tooOld = await problemOver(profileOver(tls(old, { ca: authority.ca })));
        assert.equal(tooOld.code, 'ERR_TLS_VERSION');
        assert.match(tooOld.message, /RPyC is 4\.1 or older, it insists on TLS 1\.0: update rpyc/);
      });
    });
  }

  describe('a machine that has no server', () => {
    it('is brought one for the time of the connection, of which nothing is left', async () => {
      await using backend = await Backend.start([profileOver({ kind: 'deploy', ...sshd.machine })]);
      const { pid, state } = await explore(backend);
      assert.ok(sshd.guests.some((guest) => guest.pid === pid));
      assert.equal(state.peer?.service, 'classic');
      assert.ok(sshd.leftFiles.length > 0);
      await backend.request(Disconnect, { profileId: 'p' });
      await eventually('ssh has gone', () => descendants(backend.pid).length === 0);
      await eventually(
        'nothing is left there',
        () => sshd.guests.length === 0 && sshd.leftFiles.length === 0,
      );
      assert.ok(backend.states.every(({ openConnections }) => openConnections <= 1));
    });
  });

  describe('ways that lead nowhere', () => {
    const machine = (): { kind: 'ssh'; host: string; configFile: string } => ({
      kind: 'ssh',
      ...sshd.machine,
    });

    it('job 10: tell an SSH login that is refused, a key that is not known, and a far end that is closed', async () => {
      const denied = await problemOver(profileOver({ ...machine(), user: 'nobody-at-all' }));
      assert.equal(denied.code, 'ERR_AUTHENTICATION');
      assert.match(denied.message, /refused the login over SSH: check the user name/);
      const unknown = await problemOver(
        profileOver({ kind: 'ssh', host: '127.0.0.1', port: sshd.port, identityFile: sshd.identityFile }),
      );
      assert.equal(unknown.code, 'ERR_HOST_KEY');
      assert.match(unknown.message, /compare the key/);
      const closed = await problemOver(profileOver({ ...machine(), remoteHost: '127.0.0.1', remotePort: 1 }));
      assert.equal(closed.code, 'ERR_REFUSED');
      assert.match(closed.message, /SSH reaches .*, but nothing listens at the far end/);
    });

    it('tell a program that is not there, and one that ends with a word, which shows no secret', async () => {
      const absent = await problemOver(profileOver({ kind: 'subprocess', command: ['/no/such/program'] }));
      assert.equal(absent.code, 'ERR_SUBPROCESS');
      assert.match(absent.message, /is not there: correct the command/);
      const source = 'import sys; sys.exit("no license: token=hunter2 is refused")';
      const command = [pythonEnv('5.3.0').python, '-c', source];
      const ended = await problemOver(
        profileOver({ kind: 'subprocess', command, cwd: '/' }, { label: 'Rig' }),
      );
      assert.equal(ended.code, 'ERR_SUBPROCESS');
      assert.match(ended.message, /ended with exit code 1 .*“no license: token=<secret> is refused”/);
    });

    it('tell a socket that nobody listens on, and files that are not there', async () => {
      const socket = await problemOver(profileOver({ kind: 'unix', path: path.join(folder, 'none.sock') }));
      assert.equal(socket.code, 'ERR_REFUSED');
      assert.match(socket.message, /Nothing listens on the socket/);
      const file = await problemOver(
        profileOver({ kind: 'tls', host: '127.0.0.1', port: 1, ca: path.join(folder, 'none.pem') }),
      );
      assert.equal(file.code, 'ERR_TLS_CREDENTIALS');
      assert.match(file.message, /file in the field ca .* cannot be read/);
      if (process.platform !== 'win32') {
        assert.equal((await problemOver(profileOver({ kind: 'pipe', name: 'lab' }))).code, 'ERR_NAMED_PIPES');
      }
    });
  });
});
