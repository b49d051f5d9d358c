/** Servers of ours over TLS, used by real Python clients. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';

import {
  ErrorCode,
  Service,
  silentLogger,
  SSLAuthenticator,
  ThreadedServer,
} from '../../../server/src/rpyc/index';
import { type CertificateFiles, TestAuthority } from '../../support/certificates';
import { eventually } from '../../support/poll';
import { runClient } from '../../support/pythonClient';
import { RPYC_VERSIONS } from '../../support/pythonPeer';

class WhoService extends Service {
  #name = 'nobody';

  override onConnect(connection: { readonly config: { readonly credentials: unknown } }): void {
    const { credentials } = connection.config as { credentials: { subject?: { CN?: string } } | null };
    this.#name = credentials?.subject?.CN ?? 'nobody';
  }

  exposed_who(): string {
    return this.#name;
  }
}

let authority: TestAuthority;
let ours: CertificateFiles;
let ann: CertificateFiles;

before(async () => {
  authority = await TestAuthority.create();
  ours = await authority.issue('server');
  ann = await authority.issue('ann');
});

after(async () => {
  await authority[Symbol.asyncDispose]();
});

// Clients before 5.1 speak TLS 1.0 unless told otherwise, which is refused unless the server is told so as well.
for (const version of RPYC_VERSIONS)
  describe(`A Python client over TLS, rpyc ${version}`, () => {
    it('is served, without a certificate of its own', async () => {
      const authenticator = new SSLAuthenticator({ keyfile: ours.key, certfile: ours.cert });
      await using server = new ThreadedServer({ service: WhoService, authenticator });
      await server.start();
      const code = `
result = rpyc.ssl_connect('127.0.0.1', port, ca_certs=${JSON.stringify(authority.ca)}).root.who()
`;
      assert.equal(await runClient(version, server.port, code), 'nobody');
    });

    it('is served over TLS 1.0 where the server was told so', async () => {
      const code = `
import ssl
old = {'ssl_version': ssl.PROTOCOL_TLSv1, 'ciphers': 'DEFAULT:@SECLEVEL=0'}
result = refused(lambda: rpyc.ssl_connect('127.0.0.1', port, **old).root.who())
`;
      const files = { key: ours.key, cert: ours.cert };
      await using lax = new ThreadedServer({
        service: WhoService,
        authenticator: new SSLAuthenticator({ ...files, minVersion: 'TLSv1' }),
      });
      await lax.start();
      assert.deepEqual(await runClient(version, lax.port, code), ['allowed', "'nobody'"]);
      await using strict = new ThreadedServer({
        service: WhoService,
        authenticator: new SSLAuthenticator(files),
      });
      await strict.start();
      assert.match(String(await runClient(version, strict.port, code)), /^SSLError.*version/);
    });

    it('has to show a certificate of the authority, where there is one', async () => {
      const options = { keyfile: ours.key, certfile: ours.cert, caCerts: authority.ca };
      await using server = new ThreadedServer({
        service: WhoService,
        authenticator: new SSLAuthenticator(options),
      });
      await server.start();
      await using stranger = await TestAuthority.create();
      const other = await stranger.issue('mallory');
      const connectAs = (files: CertificateFiles): string =>
        `rpyc.ssl_connect('127.0.0.1', port, keyfile=${JSON.stringify(files.key)}, certfile=${JSON.stringify(files.cert)})`;
      const code = `
result = [
    ${connectAs(ann)}.root.who(),
    refused(lambda: rpyc.ssl_connect('127.0.0.1', port).root.who())[0],
    refused(lambda: ${connectAs(other)}.root.who())[0],
]
`;
      const [known, none, unknown] = (await runClient(version, server.port, code)) as readonly string[];
      assert.equal(known, 'ann');
      for (const refusal of [none, unknown]) {
        assert.match(String(refusal), /^(SSLError|EOFError|ConnectionResetError|BrokenPipeError)$/);
      }
      await eventually('nobody is left', () => server.clients.size === 0);
    });

    it('may leave its certificate out where that is optional, but not show a wrong one', async () => {
      const files = { keyfile: ours.key, certfile: ours.cert, caCerts: authority.ca };
      const authenticator = new SSLAuthenticator({ ...files, certReqs: 'optional' });
      await using server = new ThreadedServer({ service: WhoService, authenticator });
      await server.start();
      await using stranger = await TestAuthority.create();
      const { key, cert } = await stranger.issue('mallory');
      const code = `
files = {'keyfile': ${JSON.stringify(key)}, 'certfile': ${JSON.stringify(cert)}}
result = [
    rpyc.ssl_connect('127.0.0.1', port).root.who(),
    refused(lambda: rpyc.ssl_connect('127.0.0.1', port, **files).root.who())[0],
]
`;
      const [none, wrong] = (await runClient(version, server.port, code)) as readonly string[];
      assert.equal(none, 'nobody');
      assert.match(String(wrong), /^(SSLError|EOFError|ConnectionResetError|BrokenPipeError)$/);
    });
  });

describe('A server of ours over TLS', () => {
  it('sends nothing of RPyC to a client that does not speak TLS, or does not speak at all', async () => {
    const lines: string[] = [];
    const authenticator = new SSLAuthenticator({ keyfile: ours.key, certfile: ours.cert });
    await using server = new ThreadedServer({
      service: WhoService,
      authenticator,
      authenticationTimeout: 0.2,
      logger: { ...silentLogger, warn: (line) => lines.push(line), info: (line) => lines.push(line) },
    });
    await server.start();
    for (const word of ['\0\0\0\u0004\0abcd\n', '']) {
      const socket = connect(server.port, '127.0.0.1');
      const received: Buffer[] = [];
      socket.on('data', (data) => received.push(data));
      socket.on('error', () => undefined);
      if (word !== '') socket.write(word);
      await once(socket, 'close');
      // At most an alert of TLS, which begins with 21.
      assert.ok(received.length === 0 || received[0]?.[0] === 21);
    }
    await eventually('the log says why', () =>
      lines.some((line) => line.endsWith('the client does not speak TLS')),
    );
  });

  it('says what is wrong with its options', () => {
    const { key: keyfile, cert: certfile } = ours;
    assert.throws(() => new SSLAuthenticator({ keyfile }), TypeError);
    assert.throws(() => new SSLAuthenticator({ keyfile, certfile, certReqs: 'required' }), TypeError);
    assert.throws(() => new SSLAuthenticator({ keyfile: ann.key, certfile }), /key values mismatch/);
    const { tlsCredentials: code } = ErrorCode;
    const missing = { code, message: /option key cannot be read: \/no\/such\/file/ };
    assert.throws(() => new SSLAuthenticator({ keyfile: '/no/such/file', certfile }), missing);
    const noAuthority = { keyfile, certfile, ca: '-----BEGIN CERTIFICATE-----\nnone' };
    assert.throws(() => new SSLAuthenticator(noAuthority), { code });
  });
});
