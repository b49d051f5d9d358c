/** Connections through real SSH tunnels. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import {
  callattr,
  classic,
  ClassicConnection,
  connect,
  type Netref,
  type RpycError,
  sshConnect,
  SshMachine,
} from '../../../server/src/rpyc/index';
import { closedPort } from '../../support/badServers';
import { TestProcess } from '../../support/childProcess';
import { eventually } from '../../support/poll';
import { descendants } from '../../support/processTable';
import { startClassic, startPeer } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';
import { forEachVersion } from '../../support/rpycPeers';
import { type Sshd, startSshd } from '../../support/sshd';

let sshd: Sshd;

/** Our own ssh processes. */
function sshProcesses(): string[] {
  return descendants(process.pid)
    .map(({ command }) => command)
    .filter((command) => /^(\S*\/)?ssh /.test(command));
}

async function rejectsWith(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error: RpycError) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.match(error.message, /^[A-Z].*[^.]$/, 'one sentence');
    return true;
  });
}

describe('Over SSH', () => {
  /** The one sshd of all suites here. */
  before(async () => {
    sshd = await startSshd();
  });

  after(async () => {
    await sshd[Symbol.asyncDispose]();
  });

  forEachVersion('A tunnel', (version) => {
    it('leads to a classic server, and ends with the connection', async () => {
      await using peer = await startClassic(version);
      await using machine = new SshMachine(sshd.machine);
      const stages: string[] = [];
      const onStage = (stage: string): unknown => stages.push(stage);
      const connection = await classic.sshConnect(machine, peer.port, { onStage });
      assert.ok(connection instanceof ClassicConnection);
      assert.equal(await connection.modules['os']?.['getpid']?.(), peer.pid);
      assert.equal(stages[0], 'connect');
      assert.ok(sshProcesses().length > 0);
      await connection.close();
      await eventually('ssh has gone', () => sshProcesses().length === 0);
    });

    it('leads to a custom service, for megabytes as well', async () => {
      await using peer = await startPeer(version, 'strict_service.py');
      await using machine = new SshMachine(sshd.machine);
      await using connection = await sshConnect(machine, peer.port, { remoteHost: peer.host });
      assert.equal(await connection.root['add']?.(40, 2), 42);
      const big = new Uint8Array(3_000_000).map((_, index) => (index * 7919) >> 3);
      const back = await callattr(connection.root, 'apply', [(data: Uint8Array) => data, big]);
      assert.deepEqual(back, big);
    });

    it('leads to a server on a Unix socket', async () => {
      const socket = path.join(sshd.folder, `it is here ${version}.sock`);
      await using peer = await startPeer(version, 'socket_service.py', [socket]);
      await using machine = new SshMachine(sshd.machine);
      await using connection = await classic.sshConnect(machine, socket);
      assert.equal(await connection.modules['os']?.['getpid']?.(), peer.pid);
      const text = 'x'.repeat(1_000_000);
      assert.equal(await connection.eval(`'${text}'[::-1]`), text);
    });
  });

  describe('An SSH machine', () => {
    it('is reached through a jump host', async () => {
      await using gate = await startSshd({ alias: 'gate' });
      await using inner = await startSshd({ alias: 'inner', through: gate });
      await using peer = await startClassic('6.0.2');
      await using machine = new SshMachine(inner.machine);
      await using connection = await classic.sshConnect(machine, peer.port);
      assert.equal(await connection.eval('6 * 7'), 42);
      assert.ok(gate.logins > 0, 'the gate was used');
      assert.ok(inner.logins > 0, 'the inner host was used');
    });

    it('is reached by what the caller says instead of a configuration', async () => {
      await using machine = new SshMachine({
        host: sshd.host,
        port: sshd.port,
        user: sshd.user,
        identityFile: sshd.identityFile,
        configFile: 'none',
        options: { UserKnownHostsFile: sshd.knownHostsFile, IdentitiesOnly: 'yes' },
      });
      const { stdout, code } = await machine.run(['echo', 'hello']);
      assert.deepEqual({ stdout, code }, { stdout: 'hello\n', code: 0 });
      assert.equal(machine.description, `${sshd.user}@${sshd.host}:${sshd.port}`);
    });

    it('runs programs with words and input as they are', async () => {
      await using machine = new SshMachine(sshd.machine);
      const words = ['a b', "it's", '$HOME', '`id`', '', '-n', '"', '\\', 'é\n', '*'];
      const shown = await machine.run(['/usr/bin/printf', '[%s]', ...words]);
      assert.equal(shown.stdout, words.map((word) => `[${word}]`).join(''));
      const echoed = await machine.run(['sh', '-c', 'cat; echo bad >&2; exit 3'], { input: 'in\0put' });
      assert.deepEqual(echoed, { stdout: 'in\0put', stderr: 'bad\n', code: 3 });
    });

    it('bounds the time and the output of a run', async () => {
      await using machine = new SshMachine(sshd.machine);
      await rejectsWith(machine.run(['yes'], { maxOutput: 10_000 }), 'ERR_LIMIT', /10000 bytes/);
      await rejectsWith(machine.run(['sleep', '60'], { timeout: 1 }), 'ERR_TIMEOUT', /within 1 seconds/);
      const abort = new AbortController();
      const run = machine.run(['sleep', '60'], { signal: abort.signal });
      abort.abort();
      await rejectsWith(run, 'ERR_ABORTED', /cancelled/);
      assert.deepEqual(sshProcesses(), []);
    });

    it('ends its tunnels and runs when it closes', async () => {
      await using peer = await startClassic('6.0.2');
      const machine = new SshMachine(sshd.machine);
      const connection = await classic.sshConnect(machine, peer.port);
      const run = machine.run(['sleep', '60']);
      const ended = assert.rejects(run, { code: 'ERR_CLOSED' });
      await eventually('both run', () => sshProcesses().length === 2);
      await machine.close();
      await ended;
      assert.deepEqual(sshProcesses(), []);
      await eventually('the connection has ended', () => connection.closed);
      await rejectsWith(machine.run(['true']), 'ERR_CLOSED', /closed/);
    });

    for (const host of [
      '-oProxyCommand=touch x',
      'a\nb',
      '',
      'user@-oProxyCommand=x',
      'a b',
      '$(id)',
      'h;id',
    ]) {
      it(`refuses the host ${JSON.stringify(host)} before anything starts`, () => {
        assert.throws(() => new SshMachine({ host }), { name: 'TypeError', message: /is not valid for SSH/ });
        assert.deepEqual(sshProcesses(), []);
      });
    }

    it('refuses users, ports, options and far ends that ssh would take for something else', async () => {
      const host = 'box';
      for (const user of ['-oProxyCommand=x', 'a\0b', '']) {
        assert.throws(() => new SshMachine({ host, user }), TypeError, user);
      }
      for (const port of [0, 65536, 1.5, NaN])
        assert.throws(() => new SshMachine({ host, port }), RangeError);
      for (const options of [{ 'A B': 'x' }, { '-F': 'x' }, { ProxyJump: 'a\nProxyCommand b' }]) {
        assert.throws(() => new SshMachine({ host, options: options }), TypeError);
      }
      const mark = path.join(sshd.folder, 'started');
      await using machine = new SshMachine({ ...sshd.machine, options: { ProxyCommand: `touch ${mark}` } });
      await assert.rejects(machine.tunnel('-oProxyCommand=x', 1), TypeError);
      await assert.rejects(machine.tunnel('localhost', 0), RangeError);
      await assert.rejects(sshConnect(machine, 70_000), RangeError);
      await assert.rejects(machine.run(['a\0b']), TypeError);
      await assert.rejects(machine.run([]), TypeError);
      assert.equal(existsSync(mark), false, 'nothing was started');
    });

    it('goes through a master of the user, and starts none', async () => {
      const control = path.join(sshd.folder, 'master');
      const use = ['-F', sshd.configFile, '-S', control];
      await using master = new TestProcess('ssh', [...use, '-M', '-N', sshd.alias]);
      await eventually('the master is there', () => existsSync(control));
      await using peer = await startClassic('6.0.2');
      await using machine = new SshMachine({ ...sshd.machine, options: { ControlPath: control } });
      const before = sshd.logins;
      {
        await using connection = await classic.sshConnect(machine, peer.port);
        assert.equal(await connection.eval('6 * 7'), 42);
        assert.equal(sshd.logins, before);
      }
      assert.equal(master.hasEnded, false);
      const missing = path.join(sshd.folder, 'nobody');
      const options = { ControlPath: missing, ControlMaster: 'auto', ControlPersist: '60' };
      await using alone = new SshMachine({ ...sshd.machine, options });
      await using connection = await classic.sshConnect(alone, peer.port);
      await connection.ping();
      assert.equal(existsSync(missing), false);
    });

    it('asks a program of the user where there is one', async () => {
      const key = path.join(sshd.folder, 'locked_key');
      const ask = path.join(sshd.folder, 'ask.sh');
      writeLockedKey(key, ask);
      const options = {
        ...sshd.machine,
        configFile: 'none',
        host: sshd.host,
        port: sshd.port,
        user: sshd.user,
      };
      const trust = { UserKnownHostsFile: sshd.knownHostsFile, IdentitiesOnly: 'yes', IdentityAgent: 'none' };
      const login = { ...options, identityFile: key, options: trust };
      await using silent = new SshMachine(login);
      await rejectsWith(silent.run(['true']), 'ERR_AUTHENTICATION', /Permission denied/);
      const askpass = { program: ask, env: { TEST_ANSWER: 'open sesame' } };
      await using asking = new SshMachine({ ...login, askpass });
      assert.equal((await asking.run(['echo', 'in'])).stdout, 'in\n');
    });
  });

  describe('A tunnel that cannot be opened', () => {
    const attempt = async (
      options: Partial<ConstructorParameters<typeof SshMachine>[0]>,
    ): Promise<unknown> => {
      await using machine = new SshMachine({ ...sshd.machine, ...options });
      return await sshConnect(machine, 18812);
    };
    afterEach(() => {
      assert.deepEqual(sshProcesses(), []);
    });

    it('says that the host key is not known, or is another one', async () => {
      const unknown = { options: { UserKnownHostsFile: '/dev/null' } };
      await rejectsWith(
        attempt(unknown),
        'ERR_HOST_KEY',
        /compare it.*ssh says: Host key verification failed\)$/,
      );
      const file = path.join(sshd.folder, 'other_hosts');
      writeOtherHostKey(file);
      const changed = { options: { UserKnownHostsFile: file } };
      await rejectsWith(attempt(changed), 'ERR_HOST_KEY', /compare it.*\(ssh says: /);
    });

    it('says that the key is refused', async () => {
      const wrong = { configFile: 'none', host: sshd.host, port: sshd.port, user: sshd.user };
      const options = {
        UserKnownHostsFile: sshd.knownHostsFile,
        IdentitiesOnly: 'yes',
        IdentityAgent: 'none',
      };
      const login = { ...wrong, options, identityFile: sshd.wrongIdentityFile };
      await rejectsWith(attempt(login), 'ERR_AUTHENTICATION', /check the user name.*Permission denied/);
    });

    it('says that the far end refuses, once it has logged in', async () => {
      await using machine = new SshMachine(sshd.machine);
      const port = await closedPort();
      await rejectsWith(
        sshConnect(machine, port),
        'ERR_REFUSED',
        /Nothing listens.*far end.*Connection refused/,
      );
      // A connection whose dialect is given asks nothing of the server, so it shows at its first use.
      await using quick = await classic.sshConnect(machine, port, { dialect: 'D' });
      await assert.rejects(quick.ping(), (error: RpycError) => /Nothing listens/.test(String(error.cause)));
      const elsewhere = sshConnect(machine, 18812, { remoteHost: 'no-such-host.invalid' });
      await rejectsWith(elsewhere, 'ERR_DNS', /not known/);
      const socket = path.join(sshd.folder, 'nothing.sock');
      await rejectsWith(sshConnect(machine, socket), 'ERR_REFUSED', /Nothing listens.*No such file/);
    });

    it('says that tunnels are forbidden', async () => {
      await using strict = await startSshd({ config: ['AllowTcpForwarding no'] });
      await using machine = new SshMachine(strict.machine);
      await rejectsWith(sshConnect(machine, 18812), 'ERR_SSH', /forbids tunnels.*prohibited/);
    });

    it('says that the machine is not there', async () => {
      const nobody = { configFile: 'none', host: '127.0.0.1', port: await closedPort() };
      await rejectsWith(attempt(nobody), 'ERR_REFUSED', /SSH connection was refused/);
      await rejectsWith(
        attempt({ configFile: 'none', host: 'no-such-host.invalid' }),
        'ERR_DNS',
        /not known/,
      );
    });

    it('says that there is no ssh, or no Python there', async () => {
      await rejectsWith(
        attempt({ sshExecutable: '/nowhere/ssh' }),
        'ERR_SSH_MISSING',
        /install the OpenSSH client/,
      );
      await using machine = new SshMachine(sshd.machine);
      const tunnel = machine.tunnelToSocket('/x', { pythonExecutable: 'python-that-is-not' });
      await rejectsWith(tunnel, 'ERR_SSH', /name it in pythonExecutable/);
    });

    it('can be left', async () => {
      await using peer = await startPeer('6.0.2', 'bad_peer.py', ['hang']);
      // A server that never says the first word of SSH.
      const nobody = { configFile: 'none', host: peer.host, port: peer.port };
      await rejectsWith(attempt({ ...nobody, timeout: 1 }), 'ERR_TIMEOUT', /./);
      await using machine = new SshMachine(nobody);
      const abort = new AbortController();
      const tunnel = sshConnect(machine, 18812, { signal: abort.signal });
      await eventually('ssh runs', () => sshProcesses().length > 0);
      abort.abort();
      await rejectsWith(tunnel, 'ERR_ABORTED', /cancelled/);
    });
  });

  describe('A connection through a tunnel', () => {
    it('has the whole of its time for the answer, however slow the login was', async () => {
      await using peer = await startClassic('5.3.0');
      await using link = await Relay.start({ host: sshd.host, port: sshd.port }, { delayMs: 80 });
      // The first guess of the dialect has half of the time, and a login takes ten round trips.
      const options = { HostKeyAlias: `[${sshd.host}]:${sshd.port}` };
      await using machine = new SshMachine({ ...sshd.machine, port: link.port, options });
      const before = sshd.logins;
      await using connection = await classic.sshConnect(machine, peer.port, { timeout: 2 });
      assert.equal(await connection.eval('6 * 7'), 42);
      assert.equal(sshd.logins - before, 1, 'nothing was tried twice');
    });

    it('lets all that was written leave before it ends', async () => {
      await using peer = await startClassic('6.0.2');
      await using machine = new SshMachine(sshd.machine);
      const file = path.join(sshd.folder, 'written');
      const connection = await classic.sshConnect(machine, peer.port);
      // More than ssh sends before it waits for the other side.
      const size = 5_000_000;
      const target = await connection.builtins['open']?.<Netref>(file, 'wb');
      assert.ok(target !== undefined);
      const request = callattr(target, 'write', [randomBytes(size)]);
      // Nobody waits for the answer.
      const over = request.catch(() => undefined);
      await connection.close();
      await over;
      await eventually('all of it has arrived', () => existsSync(file) && statSync(file).size === size);
    });

    it('ends when SSH does, and the server is not harmed', async () => {
      await using own = await startSshd();
      await using peer = await startClassic('6.0.2');
      await using machine = new SshMachine(own.machine);
      const connection = await classic.sshConnect(machine, peer.port);
      const waiting = assert.rejects(Promise.resolve(connection.eval('__import__("time").sleep(60)')), {
        code: 'ERR_CLOSED',
      });
      await eventually('the request is there', () => connection.counters.bytesSent > 0);
      own.dropConnections();
      await waiting;
      await using direct = await connect(peer.host, peer.port);
      await direct.ping();
    });
  });
});

function writeLockedKey(key: string, ask: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'open sesame', '-f', key]);
  appendFileSync(path.join(sshd.folder, 'authorized_keys'), readFileSync(`${key}.pub`));
  writeFileSync(ask, '#!/bin/sh\nprintf "%s\\n" "$TEST_ANSWER"\n', { mode: 0o700 });
}

function writeOtherHostKey(file: string): void {
  const key = readFileSync(`${sshd.wrongIdentityFile}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  writeFileSync(file, `[${sshd.host}]:${sshd.port} ${key}\n`);
}
