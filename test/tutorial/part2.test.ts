import assert from 'node:assert/strict';

import { ClassicFixture } from '../support/rpycPeers';
import { forEachPeer, type Originals, printedBy, printedByPython } from '../support/tutorial';
import * as part2 from './part2';

const ORIGINALS = `
import inspect
conn = rpyc.classic.connect(host, port)

def introspection():
    show(isinstance(conn.modules.sys.path, list))
    show(inspect.isbuiltin(conn.modules.os.listdir))
    show(inspect.isfunction(conn.modules.os.path.abspath))
    show(inspect.ismethod(conn.modules.os.path.abspath))
    show(inspect.ismethod(conn.modules.sys.stdout.write))

def attributesOfAList():
    for name in dir(conn.modules.sys.path): show(name)

def exceptions():
    try:
        conn.modules.sys.path[300]
    except LookupError as error:
        show(type(error).__name__ + ': ' + error.args[0])
        show(error._remote_tb)
`;

forEachPeer('Part 2 of the tutorial', (version) => {
  const fixture = new ClassicFixture(version);
  let originals: Originals;

  before(async () => {
    originals = await printedByPython(version, ORIGINALS, [fixture.peer.port]);
  });

  it('connects', async () => {
    await using conn = await part2.setup(fixture.peer.host, fixture.peer.port);
    assert.equal(conn.closed, false);
  });

  it('shows what netrefs are', async () => {
    const printed = await printedBy((print) => part2.netrefs(fixture.connection, print));
    assert.deepEqual(printed, [
      // Since 4.0 a module is told by its own name.
      ['<netref sys>'],
      ['<netref builtins.list>'],
      ['<netref builtins.function>'],
      ['builtins', 'list'],
    ]);
  });

  it('asks for classes', async () => {
    const printed = await printedBy((print) => part2.introspection(fixture.connection, print));
    assert.deepEqual(printed, [[true], [true], [true], [false], [false]]);
    assert.deepEqual(printed, originals.introspection);
  });

  it('lists attributes', async () => {
    const printed = await printedBy((print) => part2.attributesOfAList(fixture.connection, print));
    assert.ok(printed.some(([name]) => name === 'append'));
    // A netref in Python has attributes of its own among those of the list.
    const own = new Set(['__conn__', '__oid__']);
    assert.deepEqual(
      printed,
      originals.attributesOfAList.filter(([name]) => !own.has(String(name))),
    );
  });

  it('gets the exception of the server', async () => {
    const printed = await printedBy((print) => part2.exceptions(fixture.connection, print));
    const [[message], [isLookup], [remote], [local]] = printed as [[string], [boolean], [string], [string]];
    assert.equal(message, 'IndexError: list index out of range');
    assert.equal(isLookup, true);
    assert.match(local, /part2/);
    const [[sameMessage], [sameRemote]] = originals.exceptions as [[string], [string]];
    assert.equal(message, sameMessage);
    assert.equal(remote, sameRemote);
  });
});
