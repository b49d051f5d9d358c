/** Servers brought to a machine with nothing but Python 3, over a real sshd. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import {
  type Deployment,
  DeployedServer,
  type DeployedServerOptions,
  MultiServerDeployment,
  type RpycError,
  SshMachine,
} from '../../../server/src/rpyc/index';
import { TestProcess } from '../../support/childProcess';
import { eventually } from '../../support/poll';
import { descendants, processTable } from '../../support/processTable';
import { pythonEnv, type RpycVersion, startPeer } from '../../support/pythonPeer';
import { forEachVersion } from '../../support/rpycPeers';
import { type Sshd, startSshd } from '../../support/sshd';

/** Without the packages that the machine has, rpyc among them. */
const BARE_PYTHON = ['/usr/bin/python3', '-I', '-S'];

const CUSTOM_SETUP = `
import rpyc

class ServiceCls(rpyc.Service):
    def exposed_where(self):
        return rpyc.__file__

    def exposed_add(self, left, right):
        return left + right
`;

/** The folder that holds the package of a version. */
function folderOf(version: RpycVersion): string {
  const { python, env } = pythonEnv(version);
  const code = 'import os, rpyc; print(os.path.dirname(os.path.dirname(rpyc.__file__)))';
  return execFileSync(python, ['-c', code], { env, encoding: 'utf8' }).trim();
}

/** A wheel is a zip archive with the package in it. */
function makeWheel(version: RpycVersion, folder: string): string {
  const wheel = path.join(folder, `rpyc-${version}-py3-none-any.whl`);
  const code = `
import os, sys, zipfile
source, wheel = sys.argv[1:]
with zipfile.ZipFile(wheel, 'w', zipfile.ZIP_DEFLATED) as out:
    for place, _, names in os.walk(os.path.join(source, 'rpyc')):
        for name in names:
            if name.endswith('.py'):
                path = os.path.join(place, name)
                out.write(path, os.path.relpath(path, source))
    out.writestr('rpyc-${version}.dist-info/WHEEL', 'Wheel-Version: 1.0')
`;
  execFileSync('/usr/bin/python3', ['-c', code, folderOf(version), wheel]);
  return wheel;
}

/** That neither file nor process is left on the machine, nor an ssh of ours here. */
async function assertNothingLeft(sshd: Sshd, timeoutMs = 20_000): Promise<void> {
  await eventually(
    'nothing is left there',
    () => {
      const left = { files: sshd.leftFiles, guests: sshd.guests };
      if (left.files.length > 0 || left.guests.length > 0) throw new Error(JSON.stringify(left));
      return true;
    },
    { timeoutMs, intervalMs: 100 },
  );
  const ours = descendants(process.pid).filter(({ command }) => /^(\S*\/)?ssh /.test(command));
  assert.deepEqual(ours, []);
}

async function rejectsWith(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error: RpycError) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

describe('Deployed over SSH', () => {
  let sshd: Sshd;
  let machine: SshMachine;

  before(async () => {
    // Each command goes through a shell that knows POSIX only.
    sshd = await startSshd({ config: ['ForceCommand exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'] });
    machine = new SshMachine(sshd.machine);
  });

  afterEach(async () => {
    await assertNothingLeft(sshd);
  });

  after(async () => {
    await machine.close();
    await sshd[Symbol.asyncDispose]();
  });

  const deploy = (options: DeployedServerOptions = {}): DeployedServer =>
    new DeployedServer(machine, { pythonExecutable: BARE_PYTHON, ...options });

  forEachVersion('a server', (version) => {
    it('serves classic mode from a folder, and goes without a trace', async () => {
      const stages: string[] = [];
      const onStage = (stage: string): unknown => stages.push(stage);
      await using server = deploy({ rpycSource: folderOf(version), onStage });
      const before = sshd.logins;
      const deployment = await server.start();
      assert.deepEqual(stages, ['pack', 'connect', 'copy', 'start']);
      assert.equal(deployment.rpycVersion, version);
      assert.equal(path.dirname(deployment.directory), sshd.tempDir);
      assert.equal(statSync(deployment.directory).mode & 0o777, 0o700, 'nobody else may look in');
      await using connection = await server.classicConnect();
      const [pid, file, directory] = await connection.eval<[number, string, string]>(
        '__import__("os").getpid(), __import__("rpyc").__file__, __import__("os").getcwd()',
      );
      assert.equal(pid, deployment.pid);
      assert.equal(path.dirname(path.dirname(file)), deployment.directory, 'it is the library that was sent');
      assert.equal(directory, deployment.directory);
      assert.equal(sshd.logins - before, 2, 'one for the server, one for the connection');
      assert.deepEqual(listeningPorts(deployment.pid), [], 'no port is open');
      await server.close();
      assert.deepEqual(sshd.leftFiles, [], 'close has waited for it');
      assert.deepEqual(sshd.guests, []);
      await eventually('the connection has ended', () => connection.closed);
    });

    it('serves a service of the caller from a wheel', async () => {
      const wheel = makeWheel(version, sshd.folder);
      await using server = deploy({ rpycSource: wheel, extraSetup: CUSTOM_SETUP });
      await using connection = await server.connect();
      assert.equal(await connection.root['add']?.(40, 2), 42);
      const { directory } = await server.start();
      assert.equal(await connection.root['where']?.(), path.join(directory, 'rpyc/__init__.py'));
    });

    it('of another class forks for each connection, and none of its processes stays', async () => {
      await using server = deploy({
        rpycSource: path.join(folderOf(version), 'rpyc'),
        serverClass: 'rpyc.utils.server.ForkingServer',
      });
      await using first = await server.classicConnect();
      await using second = await server.classicConnect();
      const pids = [await first.eval<number>(GETPID), await second.eval<number>(GETPID)];
      const { pid } = await server.start();
      assert.equal(new Set([...pids, pid]).size, 3);
      // One that is not ended by being asked.
      await first.execute(
        `import subprocess; child = subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 1000; :"])`,
      );
      const child = await first.eval<number>('child.pid');
      assert.ok(processTable().some((entry) => entry.pid === child));
      await server.close();
      assert.deepEqual(sshd.guests, []);
    });
  });

  it('a server comes from the local Python, next to another version there', async () => {
    await using server = new DeployedServer(machine, { pythonExecutable: '/usr/bin/python3' });
    assert.equal((await server.start()).rpycVersion, '5.3.0');
    await using newer = new DeployedServer(machine, {
      pythonExecutable: '/usr/bin/python3',
      rpycSource: folderOf('6.0.2'),
    });
    assert.equal((await newer.start()).rpycVersion, '6.0.2');
  });

  it('what a server prints is heard, and a full pipe does not stop it', async () => {
    let heard = '';
    await using server = deploy({ onOutput: (text) => (heard = (heard + text).slice(-100)) });
    await using connection = await server.classicConnect();
    await connection.execute('import sys; sys.stdout.write("x" * 300000 + "the end"); sys.stdout.flush()');
    await eventually('its end has arrived', () => heard.endsWith('the end'));
    assert.equal(await connection.eval('__import__("sys").stdin.read()'), '');
  });

  it('servers on two machines are handled as one', async () => {
    await using other = await startSshd({ alias: 'other' });
    await using second = new SshMachine(other.machine);
    {
      await using deployment = new MultiServerDeployment([machine, second]);
      const connections = await deployment.classicConnectAll();
      assert.equal(deployment.length, 2);
      assert.equal([...deployment].length, 2);
      const started = await deployment.start();
      for (const [index, connection] of connections.entries()) {
        assert.equal(await connection.eval(GETPID), started[index]?.pid);
        assert.equal(await deployment.at(index)?.start(), started[index]);
      }
      assert.deepEqual(
        started.map(({ directory }) => path.dirname(directory)),
        [sshd.tempDir, other.tempDir],
      );
      const [strict] = await deployment.connectAll();
      await strict?.ping();
    }
    await assertNothingLeft(other);
  });

  it('nothing stays of several servers where one cannot be started', async () => {
    await using wrong = new SshMachine({ host: '127.0.0.1', port: 1, configFile: 'none' });
    const deployment = new MultiServerDeployment([machine, wrong]);
    await rejectsWith(deployment.start(), 'ERR_REFUSED', /SSH connection was refused/);
    assert.ok([...deployment].every(({ closed }) => closed));
  });

  it('a server goes when the SSH connection is dropped', async () => {
    const server = deploy();
    const deployment = await server.start();
    await using connection = await server.classicConnect();
    const reasons: (Error | undefined)[] = [];
    server.onDidClose((error) => reasons.push(error));
    sshd.dropConnections();
    await eventually('it is told', () => reasons.length > 0);
    assert.equal((reasons[0] as RpycError | undefined)?.code, 'ERR_CLOSED');
    assert.equal(server.closed, true);
    await rejectsWith(server.connect(), 'ERR_CLOSED', /Deployed server is closed/);
    await eventually('the connection has ended', () => connection.closed);
    await assertGone(deployment);
  });

  it('a server goes when this side says nothing any more', async () => {
    await using server = deploy({ aliveTimeout: 5 });
    const deployment = await server.start();
    const ssh = descendants(process.pid).filter(({ command }) => /^(\S*\/)?ssh /.test(command));
    // A stopped ssh is a network that has gone without a word: no end of a stream arrives there.
    for (const { pid } of ssh) process.kill(pid, 'SIGSTOP');
    await assertGone(deployment);
    for (const { pid } of ssh) process.kill(pid, 'SIGCONT');
    await eventually('it is told', () => server.closed);
  });

  it('a server goes when our own process is killed', async () => {
    await using parent = new TestProcess(process.execPath, [
      path.join(__dirname, 'deployParent.js'),
      JSON.stringify(sshd.machine),
    ]);
    const line = await eventually('it is deployed', () => /^.*\n/.exec(parent.stdout)?.[0]);
    const deployment = JSON.parse(line) as Deployment & { answered: number };
    assert.equal(deployment.answered, deployment.pid);
    assert.ok(sshd.guests.length > 0 && sshd.leftFiles.length > 0, 'there is something to be left');
    // The process alone: what it has started has to notice by itself.
    process.kill(parent.pid, 'SIGKILL');
    await assertGone(deployment);
    await assertNothingLeft(sshd, 60_000);
  });

  it('a server goes with its watcher, and the watcher with its server', async () => {
    const killed = deploy();
    const { pid } = await killed.start();
    const watcher = processTable().find((entry) => entry.pid === pid)?.parent;
    assert.ok(watcher !== undefined);
    process.kill(watcher, 'SIGKILL');
    await assertNothingLeft(sshd);
    await killed.close();
    const crashed = deploy();
    const reasons: (Error | undefined)[] = [];
    crashed.onDidClose((error) => reasons.push(error));
    process.kill((await crashed.start()).pid, 'SIGKILL');
    await eventually('it is told', () => reasons.length > 0);
    assert.match(String(reasons[0]), /Deployed server ended with exit code -9/);
  });

  it('says what keeps a server from starting', async () => {
    const starting = (options: DeployedServerOptions): Promise<Deployment> => deploy(options).start();
    await rejectsWith(starting({ rpycSource: '/nowhere/rpyc' }), 'ERR_DEPLOY', /Nothing is there/);
    const empty = path.join(sshd.folder, 'empty');
    mkdirSync(empty);
    await rejectsWith(starting({ rpycSource: empty }), 'ERR_DEPLOY', /no package rpyc in the folder/);
    const text = path.join(sshd.folder, 'text.whl');
    writeFileSync(text, 'no archive');
    await rejectsWith(starting({ rpycSource: text }), 'ERR_DEPLOY', /neither a wheel nor a folder/);
    await rejectsWith(starting({ extraSetup: '1 / 0' }), 'ERR_DEPLOY', /ZeroDivisionError/);
    await rejectsWith(starting({ serviceClass: 'no.Such' }), 'ERR_DEPLOY', /ModuleNotFoundError.*'no'/);
    await rejectsWith(starting({ pythonExecutable: 'python-that-is-not' }), 'ERR_SSH', /pythonExecutable/);
    await rejectsWith(
      starting({ extraSetup: 'import time; time.sleep(60)', timeout: 1 }),
      'ERR_TIMEOUT',
      /ready/,
    );
    assert.throws(() => deploy({ serverClass: 'ThreadedServer' }), TypeError);
    assert.throws(() => deploy({ aliveTimeout: 0 }), RangeError);
  });

  it('a deployment can be left at every stage', async () => {
    for (const wanted of ['pack', 'connect', 'copy', 'start']) {
      const abort = new AbortController();
      const onStage = (stage: string): void => {
        if (stage === wanted) abort.abort();
      };
      const server = deploy({ signal: abort.signal, onStage });
      await rejectsWith(server.start(), 'ERR_ABORTED', /cancelled/);
      assert.equal(server.closed, true);
    }
    const closed = deploy();
    const started = closed.start();
    const refused = assert.rejects(started, { code: 'ERR_ABORTED' });
    await closed.close();
    await refused;
    const never = deploy();
    await never.close();
    await rejectsWith(never.start(), 'ERR_ABORTED', /cancelled/);
  });

  it('a machine that says other things first is no matter', async () => {
    await using chatty = await startSshd({
      alias: 'chatty',
      config: [
        'ForceCommand echo welcome; echo RPYC-DEPLOY nonsense; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"',
      ],
    });
    await using talker = new SshMachine(chatty.machine);
    {
      await using server = new DeployedServer(talker);
      await using connection = await server.classicConnect();
      assert.equal(await connection.eval('6 * 7'), 42);
    }
    await assertNothingLeft(chatty);
  });

  it('a host that never answers ends in a clear error', async () => {
    await using silent = await startPeer('6.0.2', 'bad_peer.py', ['hang']);
    const host = { host: silent.host, port: silent.port, configFile: 'none', timeout: 1 };
    await using nowhere = new SshMachine(host);
    await rejectsWith(new DeployedServer(nowhere).start(), 'ERR_TIMEOUT', /./);
  });

  async function assertGone({ directory, pid }: Deployment): Promise<void> {
    await eventually(
      `${directory} and process ${pid} have gone`,
      () =>
        !sshd.leftFiles.includes(path.basename(directory)) &&
        processTable().every((entry) => entry.pid !== pid),
      { timeoutMs: 60_000, intervalMs: 100 },
    );
  }
});

const GETPID = '__import__("os").getpid()';

/** TCP ports of any kind that a process listens on. */
function listeningPorts(pid: number): string[] {
  const output = execFileSync('ss', ['-Hltnp'], { encoding: 'utf8' });
  return output.split('\n').filter((line) => line.includes(`pid=${pid},`));
}
