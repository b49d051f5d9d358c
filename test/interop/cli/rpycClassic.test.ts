/** The classic server program, driven by real Python clients. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { TCPRegistryServer } from '../../../server/src/rpyc/index';
import { TestAuthority } from '../../support/certificates';
import { TestProcess } from '../../support/childProcess';
import { eventually } from '../../support/poll';
import { runClient } from '../../support/pythonClient';
import { RPYC_VERSIONS } from '../../support/pythonPeer';

const PROGRAM = path.resolve(__dirname, '../../../server/src/cli/rpyc-classic.js');

function start(...args: readonly string[]): TestProcess {
  return new TestProcess(process.execPath, [PROGRAM, ...args]);
}

/** The port that the log names. */
async function portIn(log: () => string | Promise<string>): Promise<number> {
  return await eventually('the server listens', async () => {
    const match = /server started on \[[^\]]*\]:(\d+)$/m.exec(await log());
    return match === null ? undefined : Number(match[1]);
  });
}

const DRIVE = `
c.execute('var total = 40')
c.namespace['extra'] = 2
drive = [
    c.modules.os.platform(), c.eval('total + extra'), c.builtins.Math.max(1, 7),
    c.root.getconn().closed, 'extra' in c.namespace and c.namespace['total'],
]
`;
const DRIVEN = [process.platform, 42, 7, false, 40];

for (const version of RPYC_VERSIONS) {
  describe(`rpyc-classic, driven by rpyc ${version}`, () => {
    for (const mode of ['threaded', 'forking']) {
      it(`serves clients in ${mode} mode, and ends when it is told to`, async () => {
        await using server = start('-m', mode, '-p', '0');
        const port = await portIn(() => server.stderr);
        const code = `
c = rpyc.classic.connect('127.0.0.1', port)
d = rpyc.classic.connect('127.0.0.1', port)${DRIVE}
result = [drive, c.eval('process.pid') == d.eval('process.pid'), refused(d.eval, 'total')[0]]
`;
        const result = await runClient(version, port, code);
        assert.deepEqual(result, [DRIVEN, mode === 'threaded', 'NameError']);
        await eventually('both have gone', () => server.stderr.split('goodbye 127').length === 3);
        assert.match(
          server.stderr,
          new RegExp(`^INFO:SLAVE/${port}:server started on \\[127.0.0.1\\]:${port}$`, 'm'),
        );
        assert.match(server.stderr, /accepted 127[^]*welcome 127/);
        server.kill(mode === 'threaded' ? 'SIGTERM' : 'SIGINT');
        assert.equal(await server.exited, 0);
        assert.match(server.stderr, new RegExp(`:SLAVE/${port}:server has terminated`));
        assert.ok(!server.stderr.includes('SLAVE/0'), server.stderr);
      });
    }

    it('serves one client in oneshot mode, and says where', async () => {
      await using server = start('-m', 'oneshot', '-p', '0', '-q');
      const port = await eventually('the server says where it is', () => {
        const match = /^rpyc-oneshot\n127\.0\.0\.1\t(\d+)\n$/.exec(server.stdout);
        return match === null ? undefined : Number(match[1]);
      });
      const code = `c = rpyc.classic.connect('127.0.0.1', port)${DRIVE}result = drive\nc.close()`;
      assert.deepEqual(await runClient(version, port, code), DRIVEN);
      assert.equal(await server.exited, 0);
      assert.equal(server.stderr, '');
    });

    it('serves whoever started it in stdio mode, whatever is printed meanwhile', async () => {
      const command = JSON.stringify([process.execPath, PROGRAM, '-m', 'stdio']);
      const code = `
c = rpyc.utils.factory.connect_subproc(${command}, rpyc.core.service.ClassicService)
c.eval('console.log("printed")')
c.execute('process.stdout.write("written")')${DRIVE}
result = [drive, c.eval('(f => f("6 * 7"))')(eval)]
c.close()
result.append(c.proc.wait(20))
`;
      assert.deepEqual(await runClient(version, '-', code), [DRIVEN, 42, 0]);
    });

    it('serves over TLS, and wants a certificate where it knows an authority', async () => {
      await using authority = await TestAuthority.create();
      const ours = await authority.issue('server');
      const ann = await authority.issue('ann');
      const tls = ['--ssl-keyfile', ours.key, '--ssl-certfile', ours.cert, '--ssl-cafile', authority.ca];
      for (const mode of ['threaded', 'forking']) {
        await using server = start('-m', mode, '-p', '0', ...tls);
        const port = await portIn(() => server.stderr);
        const code = `
c = rpyc.classic.ssl_connect('127.0.0.1', port, keyfile=${JSON.stringify(ann.key)}, certfile=${JSON.stringify(ann.cert)})${DRIVE}
result = [drive, refused(lambda: rpyc.classic.ssl_connect('127.0.0.1', port).eval('1'))[0]]
`;
        const [driven, refusal] = (await runClient(version, port, code)) as readonly unknown[];
        assert.deepEqual(driven, DRIVEN);
        assert.match(String(refusal), /^(SSLError|EOFError|ConnectionResetError|BrokenPipeError)$/);
      }
    });
  });
}

describe('rpyc-classic', () => {
  it('explains its switches', async () => {
    await using help = start('-h');
    assert.equal(await help.exited, 0);
    const switches = ['--mode', '--port', '--host', '--ipv6', '--logfile', '--quiet', '--ssl-keyfile'];
    switches.push('--ssl-certfile', '--ssl-cafile', '--register', '--registry-type', '--registry-port');
    for (const name of [...switches, '--registry-host']) assert.ok(help.stdout.includes(name), name);
  });

  it('says what is wrong with its switches', async () => {
    const wrong: [readonly string[], RegExp][] = [
      [['-m', 'gevent'], /--mode takes threaded, forking, oneshot, stdio, not "gevent"/],
      [['-p', '70000'], /--port takes a whole number up to 65535/],
      [['--frobnicate'], /Unknown option '--frobnicate'/],
      [['--ssl-keyfile', 'x'], /both --ssl-keyfile and --ssl-certfile/],
      [['--registry-type', 'TCP'], /--registry-host is needed/],
    ];
    for (const [args, message] of wrong) {
      await using server = start(...args);
      assert.equal(await server.exited, 2);
      assert.match(server.stderr, message);
    }
  });

  it('says that its port is taken', async () => {
    await using first = start('-p', '0');
    await using second = start('-p', String(await portIn(() => first.stderr)));
    assert.equal(await second.exited, 1);
    assert.match(second.stderr, /Error: That port is taken/);
  });

  it('logs to a file, on IPv6, and is known to a registry while it runs', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-classic-'));
    const registry = new TCPRegistryServer({ host: '127.0.0.1', port: 0 });
    try {
      await registry.start();
      const logfile = path.join(folder, 'log');
      const where = ['--registry-type', 'tcp', '--registry-host', '127.0.0.1', '--registry-port'];
      await using server = start(
        '-p',
        '0',
        '--register',
        ...where,
        String(registry.port),
        '--logfile',
        logfile,
      );
      const log = (): Promise<string> => readFile(logfile, 'utf8').catch(() => '');
      const port = await portIn(log);
      const code = (wanted: boolean): string => `
import time
from rpyc.utils.registry import TCPRegistryClient
registrar = TCPRegistryClient('127.0.0.1', port=${registry.port})
end = time.time() + 20
while bool(registrar.discover('slave')) != ${wanted ? 'True' : 'False'} and time.time() < end: time.sleep(0.02)
result = registrar.discover('slave')
`;
      assert.deepEqual(await runClient('6.0.2', '-', code(true)), [['127.0.0.1', port]]);
      server.kill('SIGTERM');
      assert.equal(await server.exited, 0);
      assert.deepEqual(await runClient('6.0.2', '-', code(false)), []);
      assert.equal(server.stderr, '');
      await using six = start('--ipv6', '-p', '0');
      await portIn(() => six.stderr);
      assert.match(six.stderr, /server started on \[::1\]:/);
    } finally {
      await registry.close();
      await rm(folder, { recursive: true });
    }
  });
});
