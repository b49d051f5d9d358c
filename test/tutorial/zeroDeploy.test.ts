import assert from 'node:assert/strict';

import type { DeployedServerOptions, SshMachine } from '../../server/src/rpyc/index';
import { eventually } from '../support/poll';
import { pythonEnv, runPython } from '../support/pythonPeer';
import { type Sshd, startSshd } from '../support/sshd';
import { forEachPeer, printedBy } from '../support/tutorial';
import * as zeroDeploy from './zeroDeploy';

const VERSION = "__import__('rpyc').__version__";

describe('The how-to of zero-deploy', () => {
  let sshd: Sshd;
  let mach: SshMachine;

  before(async () => {
    sshd = await startSshd();
    mach = zeroDeploy.machine(sshd.alias, sshd.configFile);
  });

  afterEach(async () => {
    await eventually('nothing is left there', () => sshd.leftFiles.length + sshd.guests.length === 0);
  });

  after(async () => {
    await mach.close();
    await sshd[Symbol.asyncDispose]();
  });

  forEachPeer('holds', (version) => {
    let options: DeployedServerOptions;

    before(async () => {
      const code = 'import os, rpyc; print(os.path.dirname(os.path.dirname(rpyc.__file__)))';
      const rpycSource = (await runPython(version, code)).stdout.trim();
      // The Python of that machine without its packages, rpyc among them.
      options = { rpycSource, pythonExecutable: [pythonEnv(version).python, '-I', '-S'] };
    });

    it('for a server with two connections, and for what comes after its end', async () => {
      const [printed, end] = await Promise.all([
        printedBy((print) => zeroDeploy.usage(mach, print, options)),
        printedBy((print) => zeroDeploy.afterTheEnd(mach, print, options)),
      ]);
      const [[platform], [pid]] = printed as [[string], [number]];
      assert.equal(platform, 'linux');
      assert.ok(pid > 0 && pid !== process.pid);
      assert.deepEqual(end, [['EOFError']]);
    });

    it('for a block, and for one task', async () => {
      const task = zeroDeploy.onDemand(mach, (conn) => conn.eval<string>(VERSION), options);
      assert.deepEqual(await printedBy((print) => zeroDeploy.asABlock(mach, print, options)), [[42]]);
      assert.equal(await task, version);
    });

    it('for several machines', async () => {
      const machines = [1, 2, 3].map(() => zeroDeploy.machine(sshd.alias, sshd.configFile));
      try {
        const deployment = await printedBy((print) =>
          zeroDeploy.multiServerDeployment(machines, print, options),
        );
        const pids = deployment[0]?.[0] as readonly number[];
        assert.equal(new Set(pids).size, 3);
      } finally {
        await Promise.all(machines.map((machine) => machine.close()));
      }
    });
  });
});
