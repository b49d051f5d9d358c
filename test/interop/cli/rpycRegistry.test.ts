/** The registry program, as those who start it and those who ask it meet it. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { TestProcess } from '../../support/childProcess';
import { eventually } from '../../support/poll';
import { RPYC_VERSIONS, runPython } from '../../support/pythonPeer';
import { REGISTRY_MODES, registryClient } from '../../support/registries';

const PROGRAM = path.resolve(__dirname, '../../../server/src/cli/rpyc-registry.js');

function start(...args: readonly string[]): TestProcess {
  return new TestProcess(process.execPath, [PROGRAM, ...args]);
}

/** The port that the log names. */
async function portIn(log: () => string | Promise<string>): Promise<number> {
  return await eventually('the registry listens', async () => {
    const match = /Server started on .*:(\d+)$/m.exec(await log());
    return match === null ? undefined : Number(match[1]);
  });
}

const PYTHON_CLIENT = `
import sys
from rpyc.utils.registry import TCPRegistryClient, UDPRegistryClient
registrar = {"UDP": UDPRegistryClient, "TCP": TCPRegistryClient}[sys.argv[1]]("127.0.0.1", port=int(sys.argv[2]), timeout=20)
print(registrar.register(("calc", "math"), 4001), registrar.discover("calc"), registrar.list())
registrar.unregister(4001)
`;

describe('rpyc-registry', () => {
  for (const version of RPYC_VERSIONS) {
    for (const mode of REGISTRY_MODES) {
      it(`serves a client of rpyc ${version} over ${mode}`, async () => {
        await using registry = start('-m', mode.toLowerCase(), '-p', '0', '--listing', 'True');
        const port = await portIn(() => registry.stderr);
        const { stdout, stderr } = await runPython(version, PYTHON_CLIENT, [mode, String(port)]);
        assert.equal(stdout.trim(), "True (('127.0.0.1', 4001),) ('CALC', 'MATH')", stderr);
      });
    }
  }

  it('logs what is asked of it, with time, level and its name', async () => {
    await using registry = start('--port', '0', '-l');
    const port = await portIn(() => registry.stderr);
    const client = registryClient('UDP', port);
    await client.register(['calc', 'm\nx'], 4001);
    await client.discover('calc');
    await client.discover('none');
    await client.list();
    await client.unregister(4001);
    await eventually('all of it is logged', () => registry.stderr.includes('Unregistering'));
    const lines = registry.stderr.trimEnd().split('\n');
    const start_ = new RegExp(`^[A-Z][a-z]{2} \\d\\d \\d\\d:\\d\\d:\\d\\d DEBUG REGSRV/UDP/${port}: `);
    for (const line of lines) assert.match(line, start_);
    assert.deepEqual(
      lines.map((line) => line.replace(start_, '')),
      [
        `Server started on 0.0.0.0:${port}`,
        'Registering 127.0.0.1:4001 as "calc", "m\\nx"',
        'Querying for "calc"',
        'Replying with 127.0.0.1:4001',
        'Querying for "none"',
        'No such service',
        'Querying for the list of services',
        'Replying with "CALC", "M\\nX"',
        'Unregistering 127.0.0.1:4001',
      ],
    );
  });

  it('does not list unless it is told to, and forgets by its timeout', async () => {
    for (const listing of [[], ['--listing', 'False']]) {
      await using registry = start('-p', '0', '-t', '0', ...listing);
      const client = registryClient('UDP', await portIn(() => registry.stderr));
      assert.equal(await client.list(), null);
      assert.equal(await client.register(['brief'], 4001), true);
      await eventually('it is forgotten', async () => (await client.discover('brief')).length === 0);
      await eventually('the log says so', () => registry.stderr.includes('Discarding stale 127.0.0.1:4001'));
    }
  });

  for (const mode of REGISTRY_MODES) {
    it(`listens on IPv6 over ${mode}`, async () => {
      await using registry = start('-6', '-m', mode, '-p', '0');
      const port = await portIn(() => registry.stderr);
      const six = registryClient(mode, port, { ip: '::1' });
      assert.equal(await six.register(['calc'], 4001), true);
      assert.deepEqual(await registryClient(mode, port).discover('calc'), [['::1', 4001]]);
    });
  }

  for (const mode of REGISTRY_MODES) {
    it(`listens over ${mode} on the address that it is told`, async () => {
      for (const [host, shown] of [
        ['127.0.0.1', '127.0.0.1'],
        ['::1', '[::1]'],
      ] as const) {
        await using registry = start('--host', host, '-m', mode, '-p', '0');
        const port = await portIn(() => registry.stderr);
        assert.ok(registry.stderr.includes(`Server started on ${shown}:${port}\n`), registry.stderr);
        const client = registryClient(mode, port, { ip: host });
        assert.equal(await client.register(['calc'], 4001), true);
      }
    });
  }

  it('logs to a file, after what it holds, and errors only if it is quiet', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-registry-'));
    try {
      const file = path.join(folder, 'registry.log');
      const log = (): Promise<string> => readFile(file, 'utf8');
      for (let count = 1; count <= 2; count++) {
        await using registry = start('-p', '0', '--logfile', file);
        await eventually('it is logged', async () => (await log()).split('Server started').length > count);
        registry.kill('SIGTERM');
        assert.equal(await registry.exited, 0);
        assert.equal(registry.stderr, '');
      }
      assert.equal((await log()).split('Server closed').length, 3);
    } finally {
      await rm(folder, { recursive: true });
    }
    await using loud = start('-p', '0');
    const port = await portIn(() => loud.stderr);
    loud.kill('SIGTERM');
    await loud.exited;
    await using quiet = start('-q', '-p', String(port));
    const client = registryClient('UDP', port, { timeout: 0.2 });
    await eventually('it answers', () => client.register(['calc'], 4001));
    quiet.kill('SIGINT');
    assert.equal(await quiet.exited, 0);
    assert.equal(quiet.stderr, '');
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    for (const mode of REGISTRY_MODES) {
      it(`ends cleanly on ${signal} over ${mode}`, async () => {
        await using registry = start('-p', '0', '-m', mode);
        await portIn(() => registry.stderr);
        process.kill(registry.pid, signal);
        assert.equal(await registry.exited, 0);
        assert.match(
          registry.stderr,
          new RegExp(`WARNING .*: Ends by ${signal}\n.*Stopping server\n.*Server closed\n$`),
        );
        assert.equal(registry.stdout, '');
      });
    }
  }

  it('explains its switches', async () => {
    await using registry = start('-h');
    assert.equal(await registry.exited, 0);
    for (const name of ['-m, --mode', '-p, --port', '-6, --ipv6', '-t, --timeout', '-l, --listing']) {
      assert.ok(registry.stdout.includes(name), name);
    }
    for (const name of ['--host', '--logfile', '-q, --quiet', '-h, --help'])
      assert.ok(registry.stdout.includes(name), name);
    assert.equal(registry.stderr, '');
  });

  it('says what is wrong with its switches, and where they are explained', async () => {
    const wrong: [args: string[], told: RegExp][] = [
      [['--mode', 'SCTP'], /^Error: --mode takes UDP or TCP, not "SCTP"; rpyc-registry -h explains/],
      [['--port', 'many'], /^Error: --port takes a whole number up to 65535, not "many"; /],
      [['-p', '65536'], /^Error: --port takes a whole number up to 65535/],
      [['-t', '-1'], /^Error: .*-t/],
      [['-t', '1.5'], /^Error: --timeout takes a whole number/],
      [['--listing=maybe'], /^Error: --listing takes True or False, not "maybe"; /],
      [['--nonsense'], /^Error: .*--nonsense/],
      [['more'], /^Error: .*more/],
    ];
    for (const [args, told] of wrong) {
      await using registry = start(...args);
      assert.equal(await registry.exited, 2, args.join(' '));
      assert.match(registry.stderr, told);
      assert.equal(registry.stderr.trimEnd().split('\n').length, 1, registry.stderr);
    }
  });

  it('says in one sentence why it cannot start', async () => {
    for (const mode of REGISTRY_MODES) {
      await using registry = start('-m', mode, '-p', '0');
      const port = String(await portIn(() => registry.stderr));
      await using second = start('-m', mode, '-p', port);
      assert.equal(await second.exited, 1);
      assert.equal(
        second.stderr,
        'Error: That port is taken: choose another with --port, or 0 for a free one\n',
      );
    }
    await using third = start('--logfile', path.join(tmpdir(), 'no-such-folder', 'log'));
    assert.equal(await third.exited, 1);
    assert.match(third.stderr, /^Error: .*no-such-folder/);
  });
});
