import assert from 'node:assert/strict';

import { SlaveService, ThreadedServer } from '../../server/src/rpyc/index';
import { ClassicFixture } from '../support/rpycPeers';
import { forEachPeer, type Originals, printedBy, printedByPython } from '../support/tutorial';
import * as part4 from './part4';

const ORIGINALS = `
c = rpyc.classic.connect(host, port)

def _f(x):
    return x**3

def localCallback():
    show(list(map(lambda x: x**2, range(10))))

def remoteMap():
    rlist = c.builtins.list(c.builtins.range(10))
    show(repr(rlist))
    show(repr(c.builtins.list(c.builtins.map(_f, rlist))))

def callbackThatPrints():
    def g(x):
        show("hi, this is g, executing locally", x)
        return x**3
    show(repr(c.builtins.list(c.builtins.map(g, c.builtins.list(c.builtins.range(10))))))
    for cube in c.builtins.map(g, [2, 3]): show(cube)
`;

/** The same with a server in JavaScript, whose `map` is its own. */
const PYTHON_CLIENT = `
c = rpyc.classic.connect(host, port)

def remoteMap():
    rlist = c.eval('[...Array(10).keys()]')
    show(rlist)
    remote_map = c.eval('''async (f, list) => {
      const results = [];
      for (const x of list) results.push(await f(x));
      return results;
    }''')
    show(remote_map(lambda x: x**3, rlist))
    def g(x):
        show("hi, this is g, executing locally", x)
        return x**3
    show(remote_map(g, (8, 9)))
`;

forEachPeer('Part 4 of the tutorial', (version) => {
  const fixture = new ClassicFixture(version);
  let originals: Originals;

  before(async () => {
    originals = await printedByPython(version, ORIGINALS, [fixture.peer.port]);
  });

  it('passes a function to another', async () => {
    const printed = await printedBy((print) => part4.localCallback(print));
    assert.deepEqual(printed, originals.localCallback);
  });

  it('passes a function to the server', async () => {
    const printed = await printedBy((print) => part4.remoteMap(fixture.connection, print));
    assert.deepEqual(printed, [
      ['[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]'],
      ['[0, 1, 8, 27, 64, 125, 216, 343, 512, 729]'],
    ]);
    assert.deepEqual(printed, originals.remoteMap);
  });

  it('is called back in the order of the list', async () => {
    const printed = await printedBy((print) => part4.callbackThatPrints(fixture.connection, print));
    assert.deepEqual(printed[9], ['hi, this is g, executing locally', 9]);
    assert.deepEqual(printed[10], ['[0, 1, 8, 27, 64, 125, 216, 343, 512, 729]']);
    assert.deepEqual(results(printed), results(originals.callbackThatPrints));
  });

  it('calls back a client in Python', async () => {
    await using server = new ThreadedServer({ service: SlaveService });
    await server.start();
    const { remoteMap } = await printedByPython(version, PYTHON_CLIENT, [server.port]);
    assert.deepEqual(remoteMap, [
      [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      [[0, 1, 8, 27, 64, 125, 216, 343, 512, 729]],
      ['hi, this is g, executing locally', 8],
      ['hi, this is g, executing locally', 9],
      [[512, 729]],
    ]);
  });
});

/** `for await` reads in chunks, so that it may be called for the next one before it has printed the last. */
function results(printed: Originals[string]): readonly unknown[] {
  return [...printed.slice(0, 11), ...printed.slice(11).filter(([, x]) => x === undefined)];
}
