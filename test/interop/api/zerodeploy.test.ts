/** The entries of `rpyc.utils.zerodeploy`: servers of the local Python's rpyc, brought over a real sshd. */
import assert from 'node:assert/strict';

import {
  ClassicConnection,
  DeployedServer,
  type DeployedServerOptions,
  MultiServerDeployment,
  SshMachine,
} from '../../../server/src/rpyc/index';
import { type ApiPeer, describeApi } from '../../support/apiEntry';
import { type Sshd, startSshd } from '../../support/sshd';

describeApi('rpyc.utils.zerodeploy', (entry) => {
  let sshd: Sshd;
  let machine: SshMachine;

  before(async () => {
    sshd = await startSshd();
    machine = new SshMachine(sshd.machine);
  });

  after(async () => {
    await machine.close();
    await sshd[Symbol.asyncDispose]();
  });

  /** The peer's own rpyc is what is brought. */
  async function optionsFor(peer: ApiPeer): Promise<DeployedServerOptions> {
    const connection = await peer.connect();
    const file = await connection.eval<string>('__import__("rpyc").__file__');
    return { rpycSource: file.replace(/\/__init__\.py$/, ''), pythonExecutable: '/usr/bin/python3' };
  }

  entry('DeployedServer', async (peer) => {
    await using server = new DeployedServer(machine, await optionsFor(peer));
    assert.equal((await server.start()).rpycVersion, peer.version);
    assert.equal(sshd.leftFiles.length, 1);
    await server.close();
    assert.deepEqual(sshd.leftFiles, []);
  });

  entry('DeployedServer.connect', async (peer) => {
    const options = { ...(await optionsFor(peer)), serviceClass: 'rpyc.core.service.VoidService' };
    await using server = new DeployedServer(machine, options);
    await using connection = await server.connect();
    await connection.ping();
    assert.equal(await connection.root['get_service_name']?.(), 'VOID');
  });

  entry('DeployedServer.classic_connect', async (peer) => {
    await using server = new DeployedServer(machine, await optionsFor(peer));
    await using connection = await server.classicConnect();
    assert.ok(connection instanceof ClassicConnection);
    assert.equal(await connection.modules['os']?.['getpid']?.(), (await server.start()).pid);
  });

  entry('MultiServerDeployment', async (peer) => {
    await using deployment = new MultiServerDeployment([machine, machine], await optionsFor(peer));
    const started = await deployment.start();
    assert.equal(new Set(started.map(({ pid }) => pid)).size, 2);
    assert.deepEqual(
      [...deployment].map(({ remoteMachine }) => remoteMachine),
      [machine, machine],
    );
    await deployment.close();
    assert.deepEqual(sshd.leftFiles, []);
  });

  entry('MultiServerDeployment.connect_all', async (peer) => {
    await using deployment = new MultiServerDeployment([machine], await optionsFor(peer));
    const connections = await deployment.connectAll();
    assert.equal(connections.length, 1);
    await connections[0]?.ping();
  });

  entry('MultiServerDeployment.classic_connect_all', async (peer) => {
    await using deployment = new MultiServerDeployment([machine], await optionsFor(peer));
    const [connection] = await deployment.classicConnectAll();
    assert.ok(connection instanceof ClassicConnection);
    assert.equal(await connection.eval('6 * 7'), 42);
  });
});
