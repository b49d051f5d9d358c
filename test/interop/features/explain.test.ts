import assert from 'node:assert/strict';

import type { Explanation } from '../../../server/src/api/explanation';
import { Explain } from '../../../server/src/api/messages';
import { explain } from '../../../server/src/features/explain/explain';
import { plainText } from '../../../server/src/features/explain/words';
import { Backend } from '../../support/backend';
import { TestAuthority } from '../../support/certificates';
import { eventually } from '../../support/poll';
import {
  type PythonPeer,
  RPYC_VERSIONS,
  type RpycVersion,
  runPython,
  startClassic,
  startPeer,
} from '../../support/pythonPeer';

const SERVICE = "c = rpyc.connect('127.0.0.1', port)\n";

/** What a program prints that fails at a server. */
async function failure(version: RpycVersion, port: number, code: string): Promise<string> {
  const program = `import sys, rpyc\nport = int(sys.argv[1])\n${code}\n`;
  const { stderr, code: exit } = await runPython(version, program, [String(port)]);
  assert.equal(exit, 1, stderr);
  return stderr;
}

function sides({ errors }: Explanation): readonly string[] {
  return errors.map(({ side, versions }) => `${side}: ${versions ?? ''}`);
}

function told({ headline, what, mend }: Explanation): string {
  return [headline, ...what, ...mend].map(plainText).join('\n');
}

/** What a program does, which rule knows what it prints, and what the explanation has to say. */
const FAILURES: readonly (readonly [string, string, RegExp])[] = [
  ['c.root.visible()', 'an attribute may not be read', /def exposed_visible/],
  ['c.root._read()', 'an attribute may not be read', /begins with an underscore/],
  ['c.root.gauge().exposed_unit = "in"', 'an attribute may not be set', /allow_setattr/],
  ['del c.root.gauge().exposed_unit', 'an attribute may not be deleted', /allow_delattr/],
  [
    'class Thing: secret = 1\nc.root.look(Thing())',
    'an attribute may not be read',
    /^The program that printed this does not let others reach secret/,
  ],
  [
    "c = rpyc.connect('127.0.0.1', port, config={'sync_request_timeout': 0.2})\nc.root.wait(1)",
    'an answer came too late',
    /^The program that printed this waited[^]*sync_request_timeout, 30 seconds/,
  ],
  [
    'late = rpyc.async_(c.root.wait)(1)\nlate.set_expiry(0.1)\nlate.value',
    'an answer came too late',
    /given to this one call/,
  ],
  ['r = c.root\nc.close()\nr.wait(0)', 'used after it was closed', /first error before this one/],
  [
    'rpyc.utils.classic.obtain(c.root.gauge())',
    'pickle is switched off',
    /^An object .* the program at the other end/,
  ],
  ['c.root.copy([1])', 'pickle is switched off', /^An object .* the program that printed this/],
  [
    "c = rpyc.classic.connect('127.0.0.1', port)",
    'a classic client at a service',
    /^The client took the server for a classic one/,
  ],
  ['c.modules.sys', 'a service client in classic mode', /has no modules/],
  ["rpyc.connect('127.0.0.1', 1)", 'nothing listens there', /no program has that port open/],
  ["rpyc.connect('no-such-host.invalid', 1)", 'a host that is not known', /turned into an address/],
  [
    "from rpyc.utils.server import ThreadedServer\nThreadedServer(rpyc.Service, hostname='127.0.0.1', port=port)",
    'the port is taken',
    /reuse_addr/,
  ],
  [
    "import rpyc.utils.registry as r\nrpyc.utils.factory.discover('LAB', registrar=r.UDPRegistryClient('127.0.0.1', 9, timeout=0.1))",
    'no service of that name',
    /knows a service 'LAB'/,
  ],
];

for (const version of RPYC_VERSIONS) {
  describe(`explaining what rpyc ${version} prints`, () => {
    const releases = version === '5.3.0' ? /rpyc 5\.3\.0/ : /rpyc 6\.0\.0 to 6\.0\.2/;
    let server: PythonPeer;

    before(async () => {
      server = await startPeer(version, 'failing_service.py', ['{"config": {"sync_request_timeout": 0.3}}']);
    });
    after(() => server[Symbol.asyncDispose]());

    it('knows what was done wrong', async () => {
      for (const [code, rule, sentence] of FAILURES) {
        const explanation = explain(await failure(version, server.port, SERVICE + code));
        assert.equal(explanation.rule, rule, `${code}\n${told(explanation)}`);
        assert.match(told(explanation), sentence);
      }
    });

    it('tells whose limit it was when a server waits for its client', async () => {
      const text = await failure(
        version,
        server.port,
        `${SERVICE}import time\nc.root.call(lambda: time.sleep(1))`,
      );
      const explanation = explain(text);
      assert.equal(explanation.rule, 'an answer came too late');
      assert.match(told(explanation), /^The program at the other end waited/);
      assert.match(explanation.errors[1]?.versions ?? '', releases);
    });

    it('finds the own code nearest to an error that is not of rpyc', async () => {
      const text = await failure(version, server.port, `${SERVICE}def work():\n  c.root.measure()\nwork()`);
      const { rule, headline, errors } = explain(text);
      assert.equal(rule, undefined);
      assert.match(
        plainText(headline),
        /^The code of the program at the other end raised KeyError: 'no such sensor'/,
      );
      assert.match(errors[0]?.place ?? '', /^<string>, line \d+, in work$/);
      assert.match(errors[1]?.place ?? '', /failing_service\.py, line \d+, in _read$/);
      for (const { versions } of errors) {
        assert.match(versions ?? '', releases);
      }
    });

    it('follows calls there and back', async () => {
      const code = `${SERVICE}def callback():\n  raise LookupError('mine')\nc.root.call(callback)`;
      const { rule, headline, errors, what } = explain(await failure(version, server.port, code));
      assert.equal(rule, undefined);
      assert.match(
        plainText(headline),
        /^The code of the program that printed this raised LookupError: mine/,
      );
      assert.deepEqual(
        errors.map(({ side, place }) => `${side}: ${place?.replace(/^.*, in /, '') ?? ''}`),
        [
          'the program that printed this: <module>',
          'the program at the other end: exposed_call',
          'the program that printed this: callback',
        ],
      );
      assert.match(what.map(plainText).join(' '), /Calls went there and back/);
    });

    it('says that a server which ended is to be asked for the reason', async () => {
      await using other = await startPeer(version, 'failing_service.py');
      const explanation = explain(await failure(version, other.port, `${SERVICE}c.root.leave()`));
      assert.equal(explanation.rule, 'the other side hung up');
      assert.match(told(explanation), /log of the other program/);
    });

    it('knows TLS that does not come about', async () => {
      await using authority = await TestAuthority.create();
      const { key, cert } = await authority.issue('server');
      await using secure = await startPeer(version, 'failing_service.py', [JSON.stringify({ key, cert })]);
      const plain = explain(await failure(version, secure.port, `${SERVICE}c.root.wait(0)`));
      assert.match(plain.rule ?? '', /^the connection was cut$|^the other side hung up$/);
      assert.match(told(plain), /wants TLS or a password first/);

      const check =
        "import ssl\nrpyc.ssl_connect('127.0.0.1', port, ca_certs=ssl.get_default_verify_paths().openssl_cafile)";
      const untrusted = explain(await failure(version, secure.port, check));
      assert.equal(untrusted.rule, 'a certificate that is not trusted');
      assert.match(told(untrusted), /ca_certs/);

      const old = "import ssl\nrpyc.ssl_connect('127.0.0.1', port, ssl_version=ssl.PROTOCOL_TLSv1)";
      assert.equal(explain(await failure(version, secure.port, old)).rule, 'an old version of TLS');

      const web =
        "import socket, threading\ns = socket.create_server(('127.0.0.1', 0))\n" +
        "threading.Thread(target=lambda: s.accept()[0].sendall(b'HTTP/1.1 400 Bad Request\\r\\n\\r\\n')).start()\n" +
        "rpyc.ssl_connect('127.0.0.1', s.getsockname()[1])";
      assert.equal(explain(await failure(version, secure.port, web)).rule, 'TLS to a plain port');
    });
  });
}

describe('explaining two releases that met', () => {
  const CLASSIC = "rpyc.classic.connect('127.0.0.1', port)";
  for (const [client, server, atClient, atServer] of [
    ['5.3.0', '6.0.2', 'an older version met version 6', 'version 6 met an older one'],
    ['6.0.2', '5.3.0', 'version 6 met an older one', 'an older version met version 6'],
  ] as const) {
    it(`knows it from either side: client ${client}, server ${server}`, async () => {
      await using peer = await startClassic(server);
      const printed = explain(await failure(client, peer.port, CLASSIC));
      assert.equal(printed.rule, atClient);
      assert.match(
        sides(printed).join(),
        client === '5.3.0' ? /^the client: rpyc 5\.3\.0/ : /^the client: rpyc 6/,
      );
      assert.match(told(printed), client === '5.3.0' ? /form of rpyc 6/ : /form of rpyc 3 to 5\.3/);
      assert.match(told(printed), /pip install/);

      const logged = await eventually('the server has logged it', () => {
        const found = explain(peer.log());
        return found.rule === undefined ? undefined : found;
      });
      assert.equal(logged.rule, atServer);
      assert.match(
        sides(logged).join(),
        server === '5.3.0' ? /^the server: rpyc 5\.3\.0/ : /^the server: rpyc 6/,
      );
    });
  }

  it('is answered by the background process without any connection', async () => {
    await using backend = await Backend.start([]);
    const { rule, headline } = await backend.request(Explain, {
      text: 'ValueError: invalid message type: 18',
    });
    assert.equal(rule, 'version 6 met an older one');
    assert.match(plainText(headline), /cannot talk to each other/);
  });
});
