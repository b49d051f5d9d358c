/** Job 14 of users.md: a server is brought to a machine that has nothing but Python, and leaves no trace. */
import assert from 'node:assert/strict';

import { Connect, Disconnect, Run } from '../../../server/src/api/messages';
import type { Profile } from '../../../server/src/api/model';
import { checkProfile } from '../../../server/src/api/profile';
import { Backend } from '../../support/backend';
import { eventually } from '../../support/poll';
import { descendants } from '../../support/processTable';
import { type Sshd, startSshd } from '../../support/sshd';

/** What `kill -9` may leave behind, and for how long. */
const AFTER_KILL_MS = 60_000;
/** After an end of which the process knows. */
const AFTER_END_MS = 10_000;

describe('job 14: no server there yet', function () {
  this.timeout(120_000);

  let sshd: Sshd;
  let profile: Profile;

  before(async () => {
    sshd = await startSshd();
    const checked = checkProfile({ id: 'p', label: 'Bare', transport: { kind: 'deploy', ...sshd.machine } });
    profile = 'profile' in checked ? checked.profile : assert.fail(JSON.stringify(checked.fault));
  });

  after(async () => {
    await sshd[Symbol.asyncDispose]();
  });

  /** One command: connect. Everything that serves it came with it, and runs there. */
  async function deployed(): Promise<Backend> {
    const backend = await Backend.start([profile]);
    const state = await backend.request(Connect, { profileId: 'p' });
    assert.equal(state.peer?.service, 'classic');
    assert.ok(
      sshd.guests.some(({ pid }) => pid === state.peer?.pid),
      'it runs there',
    );
    const source = '__import__("os").path.dirname(__import__("rpyc").__file__)';
    const run = { profileId: 'p', runId: 'r', source, fileName: '/x.py', lineOffset: 0 };
    const { value = '' } = await backend.request(Run, run);
    assert.ok(value.includes(sshd.tempDir), `${value} is what was sent there`);
    assert.ok(sshd.leftFiles.length > 0);
    return backend;
  }

  async function nothingLeft(timeoutMs: number): Promise<void> {
    await eventually(
      'nothing is left there',
      () => {
        const left = { files: sshd.leftFiles, guests: sshd.guests };
        if (left.files.length > 0 || left.guests.length > 0) throw new Error(JSON.stringify(left));
        return true;
      },
      { timeoutMs, intervalMs: 100 },
    );
    await eventually('nobody is logged in', () => sshd.sessions.length === 0, { timeoutMs });
  }

  it('job 14: no server there yet: nothing is left after the connection is closed', async () => {
    await using backend = await deployed();
    await backend.request(Disconnect, { profileId: 'p' });
    await nothingLeft(AFTER_END_MS);
    assert.deepEqual(descendants(backend.pid), [], 'nor here');
  });

  for (const end of ['shutdown', 'abandon'] as const) {
    const how = end === 'shutdown' ? 'closed' : 'gone';
    it(`job 14: no server there yet: nothing is left after the window is ${how}`, async () => {
      await using backend = await deployed();
      const here = descendants(backend.pid).map(({ pid }) => pid);
      assert.ok(here.length > 0);
      if (end === 'shutdown') await backend.shutdown();
      else backend.abandon();
      await backend.exited;
      await nothingLeft(AFTER_END_MS);
      await eventually('no ssh is left here', () => here.every((pid) => !isAlive(pid)));
    });
  }

  it('job 14: no server there yet: nothing is left a minute after the background process is killed', async () => {
    await using backend = await deployed();
    const here = descendants(backend.pid).map(({ pid }) => pid);
    backend.kill('SIGKILL');
    await backend.exited;
    await nothingLeft(AFTER_KILL_MS);
    await eventually('no ssh is left here', () => here.every((pid) => !isAlive(pid)));
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
