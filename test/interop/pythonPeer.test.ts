import assert from 'node:assert/strict';

import {
  OLDER_RPYC_VERSIONS,
  RPYC_VERSIONS,
  runPython,
  startClassic,
  startPeer,
} from '../support/pythonPeer';
import { fullNumberOfVersion } from '../support/versions';

const CLIENT = `
import sys, rpyc
connection = rpyc.classic.connect("127.0.0.1", int(sys.argv[1]))
# Old versions hold numbers, new ones text.
version = rpyc.__version__ if isinstance(rpyc.__version__, str) else ".".join(map(str, rpyc.__version__))
print("%s %s" % (version, connection.modules.os.getpid()))
connection.close()
`;

for (const version of [...RPYC_VERSIONS, ...OLDER_RPYC_VERSIONS]) {
  describe(`The Python peer, rpyc ${version}`, () => {
    it('is the real rpyc_classic, which a Python client reaches', async () => {
      await using peer = await startClassic(version);
      const { stdout, stderr } = await runPython(version, CLIENT, [String(peer.port)]);
      assert.equal(stdout, `${fullNumberOfVersion(version)} ${peer.pid}\n`, stderr);
    });

    it('is a script that says its port', async () => {
      await using peer = await startPeer(version, 'classic_service.py', ['ThreadPoolServer']);
      const { stdout, stderr } = await runPython(version, CLIENT, [String(peer.port)]);
      assert.equal(stdout, `${fullNumberOfVersion(version)} ${peer.pid}\n`, stderr);
    });

    it('fails to start with what the script said', async () => {
      await assert.rejects(startPeer(version, 'missing.py'), /Cannot start missing\.py.*[\s\S]*No such file/);
    });

    it('has gone, with all its children, once it is disposed', async () => {
      const peer = await startClassic(version, { mode: 'forking' });
      await peer[Symbol.asyncDispose]();
      assert.throws(() => process.kill(-peer.pid, 0), { code: 'ESRCH' });
      assert.equal(await peer.exited, null);
    });
  });
}
