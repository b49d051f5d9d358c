import assert from 'node:assert/strict';

import { ThreadedServer } from '../../server/src/rpyc/index';
import { eventually } from '../support/poll';
import { type PythonPeer, startPeer, startRegistry } from '../support/pythonPeer';
import { registryClient, REGISTRY_MODES } from '../support/registries';
import { forEachPeer, type Originals, printedBy, printedByPython } from '../support/tutorial';
import * as part3 from './part3';

const HOST = '127.0.0.1';

const CLIENT = `
def useTheService():
    c = rpyc.connect(host, port)
    show(str(c.root))
    show(c.root.get_answer())
    show(c.root.the_real_answer_though)
    try:
        c.root.get_question()
    except AttributeError as error:
        show(type(error).__name__, error.args[0])

def namesOfAService():
    c = rpyc.connect(host, port)
    show(c.root.get_service_name())
    show(c.root.get_service_aliases())
`;

const ASK_THE_QUESTION = `
def ask():
    show(rpyc.connect(host, port).root.get_question())
`;

const COUNT = `
def count():
    c, d = rpyc.connect(host, port), rpyc.connect(host, port)
    show(c.root.next(), c.root.next(), d.root.next(), c.root.get_service_name())
`;

const NAMES = `
def names():
    c = rpyc.connect(host, port)
    show(c.root.get_service_name())
    show(c.root.get_service_aliases())
`;

const DISCOVER = `
from rpyc.utils.registry import TCPRegistryClient, UDPRegistryClient
registrar = {'UDP': UDPRegistryClient, 'TCP': TCPRegistryClient}[sys.argv[2]](host, port=port, timeout=20)

def discoverAndConnect():
    show(rpyc.discover("MY", registrar=registrar))
    c2 = rpyc.connect_by_service("MY", registrar=registrar)
    show(c2.root.get_answer())
`;

const ANSWERS = [[42], [43], ['AttributeError', "cannot access 'get_question'"]];

forEachPeer('Part 3 of the tutorial', (version) => {
  const ask = async (code: string, server: ThreadedServer | PythonPeer): Promise<Originals> =>
    await printedByPython(version, code, [server.port]);

  it('uses a service', async () => {
    await using peer = await startPeer(version, 'tutorial_server.py', ['my']);
    const printed = await printedBy((print) => part3.useTheService(HOST, peer.port, print));
    assert.match(String(printed[0]), /^<__main__\.MyService object at 0x/);
    assert.deepEqual(printed.slice(1), ANSWERS);
    const { useTheService, namesOfAService } = await ask(CLIENT, peer);
    assert.deepEqual(printed.slice(1), useTheService.slice(1));
    const names = await printedBy((print) => part3.namesOfAService(HOST, peer.port, print));
    assert.deepEqual(names, namesOfAService);
  });

  it('serves it', async () => {
    await using server = await part3.startAServer(0);
    const { useTheService, namesOfAService } = await ask(CLIENT, server);
    assert.match(String(useTheService[0]), /^<MyService object>/);
    assert.deepEqual(useTheService.slice(1), ANSWERS);
    assert.deepEqual(namesOfAService, [['MY'], [['MY']]]);
    const printed = await printedBy((print) => part3.useTheService(HOST, server.port, print));
    assert.deepEqual(printed, useTheService);
  });

  it('allows more where that is wanted', async () => {
    await using server = await part3.anotherAccessPolicy(0);
    await using peer = await startPeer(version, 'tutorial_server.py', ['public']);
    const answer = { ask: [['what is the airspeed velocity of an unladen swallow?']] };
    assert.deepEqual(await ask(ASK_THE_QUESTION, server), answer);
    assert.deepEqual(await ask(ASK_THE_QUESTION, peer), answer);
    const printed = await printedBy((print) => part3.useTheService(HOST, peer.port, print));
    assert.deepEqual(printed.slice(1), ANSWERS.slice(0, 2));
  });

  it('serves one object to all, or one made with arguments to each', async () => {
    await using shared = await part3.sharedInstance(0);
    await using sharedPeer = await startPeer(version, 'tutorial_server.py', ['shared']);
    const { count } = await ask(COUNT, shared);
    assert.deepEqual(count, [[1, 2, 3, 'COUNTER']]);
    assert.deepEqual((await ask(COUNT, sharedPeer)).count, count);

    await using partial = await part3.passingArguments(0);
    await using partialPeer = await startPeer(version, 'tutorial_server.py', ['partial']);
    const own = await ask(COUNT, partial);
    assert.deepEqual(own.count, [[15, 20, 15, 'COUNTER']]);
    assert.deepEqual(await ask(COUNT, partialPeer), own);
  });

  it('gives a service other names', async () => {
    await using server = new ThreadedServer({ service: part3.SomeOtherService });
    await server.start();
    await using peer = await startPeer(version, 'tutorial_server.py', ['other']);
    const { names } = await ask(NAMES, server);
    assert.deepEqual(names, [['FLOOP'], [['FLOOP', 'BLOOP']]]);
    assert.deepEqual((await ask(NAMES, peer)).names, names);
    assert.deepEqual(await printedBy((print) => part3.namesOfAService(HOST, peer.port, print)), names);
  });

  for (const mode of REGISTRY_MODES) {
    it(`finds services in a registry over ${mode}, and lets them be found`, async () => {
      await using registry = await startRegistry(version, mode);
      const registrar = registryClient(mode, registry.port);
      const known = async (port: number): Promise<void> =>
        eventually('the registry knows it', async () =>
          (await registrar.discover('MY')).some(([, other]) => other === port),
        ).then(() => undefined);
      {
        await using server = await part3.registeredServer(registrar);
        await known(server.port);
        const { discoverAndConnect } = await printedByPython(version, DISCOVER, [registry.port, mode]);
        assert.deepEqual(discoverAndConnect, [[[[HOST, server.port]]], [42]]);
      }
      // It has unregistered at its end.
      await using peer = await startPeer(version, 'tutorial_server.py', ['my', mode, String(registry.port)]);
      await known(peer.port);
      const printed = await printedBy((print) => part3.discoverAndConnect(print, { registrar }));
      assert.deepEqual(printed, [[[[HOST, peer.port]]], [42]]);
    });
  }
});
