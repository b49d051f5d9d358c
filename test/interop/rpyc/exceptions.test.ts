/** Exceptions of real peers. */
import assert from 'node:assert/strict';

import { classic, type Netref, RemoteError } from '../../../server/src/rpyc/index';
import { startPeer } from '../../support/pythonPeer';
import { ClassicFixture, forEachVersion } from '../../support/rpycPeers';
import { asText, pythonOfVersion } from '../../support/versions';

async function raised(promise: PromiseLike<unknown>): Promise<RemoteError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof RemoteError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'It raises nothing' });
}

forEachVersion('Exceptions', (version) => {
  const fixture = new ClassicFixture(version);

  it('have class, arguments and attributes', async () => {
    const { connection } = fixture;
    const error = await raised(connection.eval("open('/no/such/file')"));
    const isPython2 = pythonOfVersion(version) === 2;
    assert.equal(error.typeName, isPython2 ? 'IOError' : 'FileNotFoundError');
    assert.equal(error.module, 'builtins');
    assert.equal(error.attributes.get('errno'), 2);
    assert.equal(asText(error.attributes.get('filename')), '/no/such/file');
    assert.equal(error.isInstance('OSError'), true);
    assert.equal(error.isInstance('builtins.Exception'), true);
    assert.equal(error.isInstance('ValueError'), false);
    assert.equal(error.code, 'ERR_REMOTE');
  });

  it('have frames, and the stack of the caller here', async () => {
    const { connection } = fixture;
    await connection.execute(
      "exec(compile('def outer():\\n    return inner()\\ndef inner():\\n    raise ValueError(1, None, [2])\\n', 'script.py', 'exec'))",
    );
    const callerOfOuter = async (): Promise<RemoteError> => await raised(connection.eval('outer()'));
    const error = await callerOfOuter();
    const own = error.frames.filter(({ file }) => file === 'script.py');
    assert.deepEqual(own, [
      { file: 'script.py', line: 2, name: 'outer' },
      { file: 'script.py', line: 4, name: 'inner' },
    ]);
    assert.deepEqual(asText(error.args), [1, null, '[2]']);
  });

  it('of a class of the peer keep its name', async () => {
    const { connection } = fixture;
    await connection.execute('class Odd(LookupError): pass');
    const error = await raised(connection.eval("(_ for _ in ()).throw(Odd('text'))"));
    assert.equal(error.typeName, 'Odd');
    assert.equal(asText(error.args[0]), 'text');
    const syntax = await raised(connection.eval('1 +'));
    assert.equal(syntax.typeName, 'SyntaxError');
  });

  it('do not disturb the connection', async () => {
    const { connection } = fixture;
    const fail = await connection.eval<Netref>('lambda n: 1 // n');
    const results = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => fail(n % 2)));
    assert.equal(results.filter(({ status }) => status === 'rejected').length, 25);
    assert.equal(connection.openRequests, 0);
  });

  it('that the peer does not explain are taken too', async () => {
    await using peer = await startPeer(version, 'strict_service.py', ['quiet']);
    await using connection = await classic.connect(peer.host, peer.port);
    const error = await raised(connection.root['fail']?.() ?? Promise.resolve());
    assert.equal(error.typeName, 'ValueError');
    assert.equal(error.remoteTraceback, '<traceback denied>');
    assert.equal(connection.remoteVersion, undefined);
  });
});
