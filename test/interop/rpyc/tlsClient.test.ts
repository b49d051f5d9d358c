/** Our clients over TLS, against Python's own TLS servers: who is trusted, and what each refusal says. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import {
  classic,
  ConnectError,
  type ConnectStage,
  ErrorCode,
  sslConnect,
  type SslConnectOptions,
} from '../../../server/src/rpyc/index';
import { badServer } from '../../support/badServers';
import { type CertificateFiles, TestAuthority } from '../../support/certificates';
import { eventually } from '../../support/poll';
import { type PythonPeer, type RpycVersion, startClassic, startPeer } from '../../support/pythonPeer';
import { forEachVersion } from '../../support/rpycPeers';
import { isFrom } from '../../support/versions';

/** Sockets of this process that are open. */
function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => /^(TCP|TLS|Pipe)/.test(name)).length;
}

function fingerprint(file: string): string {
  return new X509Certificate(readFileSync(file)).fingerprint256;
}

let authority: TestAuthority;
let stranger: TestAuthority;
let good: CertificateFiles;
let expired: CertificateFiles;
let misnamed: CertificateFiles;
let own: CertificateFiles;

before(async () => {
  authority = await TestAuthority.create();
  stranger = await TestAuthority.create();
  good = await authority.issue('server');
  expired = await authority.issue('expired', { days: -1 });
  misnamed = await authority.issue('misnamed', { names: 'DNS:elsewhere.example' });
  own = await authority.selfSigned('self');
});

after(async () => {
  await authority[Symbol.asyncDispose]();
  await stranger[Symbol.asyncDispose]();
});

/** The real `rpyc_classic`, with this certificate. */
function startTls(
  version: RpycVersion,
  files: CertificateFiles,
  args: readonly string[] = [],
): Promise<PythonPeer> {
  return startClassic(version, {
    args: ['--ssl-keyfile', files.key, '--ssl-certfile', files.cert, ...args],
  });
}

/** Connects, proves that the connection works, and closes it. */
async function pidOver(peer: PythonPeer, options: SslConnectOptions): Promise<number> {
  const connection = await classic.sslConnect(peer.host, peer.port, options);
  try {
    return await connection.eval<number>('__import__("os").getpid()');
  } finally {
    await connection.close();
  }
}

/** The error that connecting ends in; it leaves no socket behind. */
async function refusal(
  { host, port }: { readonly host: string; readonly port: number },
  options: SslConnectOptions,
): Promise<ConnectError> {
  const before = openSockets();
  const error = await sslConnect(host, port, options).then(
    async (connection) => {
      await connection.close();
      throw new Error('It connected');
    },
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConnectError, String(error));
  await eventually('no socket is left', () => openSockets() <= before);
  return error;
}

forEachVersion('A client over TLS', (version) => {
  if (!isFrom(version, 5)) {
    it('says that the server insists on a version of TLS that its own system forbids', async () => {
      await using old = await startTls(version, good);
      const error = await refusal(old, { ca: authority.ca });
      assert.equal(error.code, ErrorCode.tlsVersion, error.message);
      assert.match(error.message, /4\.1\.5/);
    });
    return;
  }

  let peer: PythonPeer;

  before(async () => {
    peer = await startTls(version, good);
  });

  after(async () => {
    await peer[Symbol.asyncDispose]();
  });

  it('trusts a server whose certificate comes from its authority and names the host', async () => {
    const stages: ConnectStage[] = [];
    const options = { ca: authority.ca, onStage: (stage: ConnectStage) => stages.push(stage) };
    assert.equal(await pidOver(peer, options), peer.pid);
    assert.deepEqual(stages.slice(0, 4), ['resolve', 'connect', 'tls', 'handshake']);
    assert.equal(await pidOver(peer, { ca: readFileSync(authority.ca) }), peer.pid);
  });

  it('does not trust the certificate of an authority that it does not know', async () => {
    const other = await refusal(peer, { ca: stranger.ca });
    assert.equal(other.code, ErrorCode.tlsUntrusted);
    assert.match(other.message, /authority.*trusted.*ca/);
    assert.equal((await refusal(peer, {})).code, ErrorCode.tlsUntrusted, 'nobody says whom to trust');
  });

  it('checks the name, also where the authority is right', async () => {
    await using wrong = await startTls(version, misnamed);
    const error = await refusal(wrong, { ca: authority.ca });
    assert.equal(error.code, ErrorCode.tlsName);
    assert.match(error.message, /another name.*servername/);
    const named = { ca: authority.ca, servername: 'elsewhere.example' };
    assert.equal(await pidOver(wrong, named), wrong.pid);
  });

  it('does not trust a certificate that has expired', async () => {
    await using late = await startTls(version, expired);
    const error = await refusal(late, { ca: authority.ca });
    assert.equal(error.code, ErrorCode.tlsExpired);
    assert.match(error.message, /has expired/);
  });

  it('trusts a self-signed certificate by its pin only', async () => {
    await using self = await startTls(version, own);
    const error = await refusal(self, {});
    assert.equal(error.code, ErrorCode.tlsSelfSigned);
    assert.match(error.message, /self-signed.*pin/);
    const pin = fingerprint(own.cert);
    assert.equal(await pidOver(self, { pin }), self.pid);
    const bare = `sha256:${pin.replaceAll(':', '').toLowerCase()}`;
    assert.equal(await pidOver(self, { pin: [fingerprint(good.cert), bare] }), self.pid);
    const args = ['x509', '-noout', '-fingerprint', '-sha256', '-in', own.cert];
    const printed = execFileSync('openssl', args, { encoding: 'utf8' });
    assert.match(printed, /fingerprint=/i);
    assert.equal(await pidOver(self, { pin: printed }), self.pid);
    const mismatch = await refusal(self, { pin: fingerprint(good.cert) });
    assert.equal(mismatch.code, ErrorCode.tlsPin);
    const both = await refusal(self, { pin, rejectUnauthorized: true });
    assert.equal(both.code, ErrorCode.tlsSelfSigned);
  });

  it('connects to anybody where that is asked for', async () => {
    assert.equal(await pidOver(peer, { rejectUnauthorized: false }), peer.pid);
  });

  it('shows its own certificate, and says that one is missing or not trusted', async () => {
    await using strict = await startTls(version, good, ['--ssl-cafile', authority.ca]);
    const ann = await authority.issue('ann');
    const mallory = await stranger.issue('mallory');
    const trusted = { ca: authority.ca };
    assert.equal(await pidOver(strict, { ...trusted, ...ann }), strict.pid);
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const missing = await refusal(strict, { ...trusted, maxVersion });
      assert.equal(missing.code, ErrorCode.tlsClientCertificate, `${maxVersion}: ${missing.message}`);
      assert.match(missing.message, /client certificate/);
      const foreign = await refusal(strict, { ...trusted, ...mallory, maxVersion });
      assert.equal(foreign.code, ErrorCode.tlsClientCertificate, `${maxVersion}: ${foreign.message}`);
    }
  });

  it('speaks TLS 1.0 where that is asked for, and says so where it is not', async () => {
    await using old = await startPeer(version, 'guarded_service.py', ['tls1', good.key, good.cert]);
    const error = await refusal(old, { ca: authority.ca });
    assert.equal(error.code, ErrorCode.tlsVersion);
    assert.match(error.message, /version of TLS.*minVersion/);
    await using connection = await sslConnect(old.host, old.port, { ca: authority.ca, minVersion: 'TLSv1' });
    assert.equal(await connection.root['double']?.(21), 42);
  });

  it('says that a server speaks RPyC without TLS', async () => {
    await using plain = await startPeer(version, 'strict_service.py');
    const error = await refusal(plain, { timeout: 1 });
    assert.equal(error.code, ErrorCode.notTls);
    assert.match(error.message, /RPyC server without TLS/);
    await using first = await startPeer(version, 'mutual_service.py');
    assert.equal((await refusal(first, { timeout: 5 })).code, ErrorCode.notTls, 'one that speaks first');
  });
});

describe('A client over TLS', () => {
  it('says that a server does not speak TLS', async () => {
    await using web = await badServer(undefined, (socket) => {
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    assert.equal((await refusal(web, {})).code, ErrorCode.notTls);
    await using closing = await badServer((socket) => socket.end());
    assert.equal((await refusal(closing, {})).code, ErrorCode.notTls);
  });

  it('gives a silent server its time, and is cancelled by its signal', async () => {
    await using silent = await badServer();
    const error = await refusal(silent, { timeout: 0.2 });
    assert.equal(error.code, ErrorCode.timeout);
    assert.match(error.message, /TLS/);
    const controller = new AbortController();
    const cancelled = refusal(silent, {
      signal: controller.signal,
      onStage: (stage) => {
        if (stage === 'tls') controller.abort();
      },
    });
    assert.equal((await cancelled).code, ErrorCode.aborted);
    await eventually('the server has lost its clients', () => silent.clients.size === 0);
  });

  it('says that its own credentials are of no use, before anything is sent', async () => {
    await using listener = await badServer();
    const cases: [SslConnectOptions, RegExp][] = [
      [{ ca: '/no/such/file.pem' }, /option ca cannot be read.*no\/such/],
      [{ cert: good.cert, key: own.key }, /of no use/],
      [{ ca: '-----BEGIN NONSENSE' }, /of no use/],
      [{ pin: 'abc' }, /64 hexadecimal digits.* 0E:C2:.*not "abc"$/],
      [{ pin: [fingerprint(good.cert), 'SHA1 Fingerprint=0E:C2'] }, /not "SHA1 Fingerprint=0E:C2"$/],
    ];
    for (const [options, message] of cases) {
      const error = await refusal(listener, options);
      assert.equal(error.code, ErrorCode.tlsCredentials, error.message);
      assert.match(error.message, message);
    }
    assert.equal(listener.visits(), 0);
  });
});
