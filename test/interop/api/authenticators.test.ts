/** The entries of `rpyc.utils.authenticators`: who may use a server of ours, asked of real Python clients. */
import assert from 'node:assert/strict';

import {
  AuthenticationError,
  type Connection,
  RpycError,
  Service,
  SSLAuthenticator,
  ThreadedServer,
} from '../../../server/src/rpyc/index';
import { describeApi } from '../../support/apiEntry';
import { TestAuthority } from '../../support/certificates';
import { LogLines } from '../../support/logLines';
import { runClient } from '../../support/pythonClient';

class WhoService extends Service {
  #name = 'nobody';

  override onConnect(connection: Connection): void {
    const credentials = connection.config.credentials as { subject?: { CN?: string } } | null;
    this.#name = credentials?.subject?.CN ?? 'nobody';
  }

  exposed_who(): string {
    return this.#name;
  }
}

describeApi('rpyc.utils.authenticators', (entry) => {
  let authority: TestAuthority;

  before(async () => {
    authority = await TestAuthority.create();
  });

  after(async () => {
    await authority[Symbol.asyncDispose]();
  });

  entry('AuthenticationError', async (peer) => {
    const logger = new LogLines();
    const authenticator = (): never => {
      const error = new AuthenticationError('nobody may come in');
      assert.ok(error instanceof RpycError);
      throw error;
    };
    await using server = new ThreadedServer({ service: WhoService, authenticator, logger });
    await server.start();
    const code = `result = refused(lambda: rpyc.connect('127.0.0.1', port).root.who())[0]`;
    assert.match(
      String(await runClient(peer.version, server.port, code)),
      /^(EOFError|ConnectionResetError|BrokenPipeError)$/,
    );
    assert.match(logger.lines.join('\n'), /turned away: nobody may come in/);
  });

  entry('SSLAuthenticator', async (peer) => {
    const ours = await authority.issue('server');
    const ann = await authority.issue('ann');
    const authenticator = new SSLAuthenticator({
      keyfile: ours.key,
      certfile: ours.cert,
      caCerts: authority.ca,
    });
    await using server = new ThreadedServer({ service: WhoService, authenticator });
    await server.start();
    const files = { ca_certs: authority.ca, keyfile: ann.key, certfile: ann.cert };
    const code = `
result = [
    rpyc.ssl_connect('127.0.0.1', port, **${JSON.stringify(files)}).root.who(),
    refused(lambda: rpyc.ssl_connect('127.0.0.1', port).root.who())[0],
    refused(lambda: rpyc.connect('127.0.0.1', port).root.who())[0],
]
`;
    const [known, ...refusals] = (await runClient(peer.version, server.port, code)) as readonly string[];
    assert.equal(known, 'ann');
    assert.equal(refusals.length, 2);
    for (const refusal of refusals) {
      assert.match(refusal, /^(SSLError|EOFError|ConnectionResetError|BrokenPipeError)$/);
    }
  });
});
