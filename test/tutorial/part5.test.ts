import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { SlaveService, ThreadedServer } from '../../server/src/rpyc/index';
import { startPeer } from '../support/pythonPeer';
import { ClassicFixture } from '../support/rpycPeers';
import { forEachPeer, type Originals, type Printed, printedBy, printedByPython } from '../support/tutorial';
import * as part5 from './part5';

const ORIGINALS = `
c = rpyc.classic.connect(host, port)

def _shown(result):
    return repr(result).split(' at ')[0] + '>'

def asynchronousSleep():
    show(str(c.modules.time.sleep))
    c.modules.time.sleep(0.1)
    asleep = rpyc.async_(c.modules.time.sleep)
    res = asleep(0.1)
    show(_shown(res))
    show(res.ready)
    res.wait()
    show(res.ready)
    show(res.value)
    show(_shown(res))

def asynchronousInt():
    aint = rpyc.async_(c.builtins.int)
    x = aint("8")
    x.wait()
    show(x.ready, x.error)
    show(x.value)
    x = aint("this is not a valid number")
    x.wait()
    show(x.ready, x.error)
    try:
        x.value
    except ValueError as error:
        show(type(error).__name__ + ': ' + error.args[0])
`;

const EVENTS = `
import queue
conn = rpyc.connect(host, port)
bgsrv = rpyc.BgServingThread(conn)

def events():
    sizes = queue.Queue()
    def wait_for(size):
        while sizes.get(timeout=20) != size: pass
    def on_file_changed(oldstat, newstat):
        show("file changed")
        show("    old stat:", oldstat)
        show("    new stat:", newstat)
        sizes.put(newstat[6])
    f = open(sys.argv[2], "w")
    mon = conn.root.FileMonitor(sys.argv[2], on_file_changed, 0.02)
    f.write("shmoop")
    f.flush()
    wait_for(6)
    f.write("groop")
    f.flush()
    wait_for(11)
    f.close()
    f = open(sys.argv[2], "w")
    wait_for(0)
    mon.stop()
    bgsrv.stop()
    conn.close()
`;

const WITHOUT_A_THREAD = `
conn = rpyc.connect(host, port)
changes = []

def eventsWithoutAThread():
    f = open(sys.argv[2], "w")
    mon = conn.root.FileMonitor(sys.argv[2], lambda old, new: changes.append(new), 0.02)
    f.write("shmoop")
    f.flush()
    while not changes: str(mon)
    show("file changed")
    show(str(mon))
    mon.stop()
`;

/** Classic mode ignores the prefix: the tutorial's own `conn.root.FileMonitor` fails with a `SlaveService`. */
const MEMBERS_OF_A_SLAVE = `
def members():
    root = rpyc.connect(host, port).root
    show(hasattr(root, "FileMonitor"))
    show(root.exposed_FileMonitor("f"), root.eval("1 + 2"))
`;

const PYTHON_SLAVE = `
from threading import Thread
from rpyc.utils.server import ThreadedServer
class Monitor(rpyc.SlaveService):
    def exposed_FileMonitor(self, name): return "monitor of " + name
server = ThreadedServer(Monitor, hostname=host, port=0)
server.listener.listen(1)
port = server.listener.getsockname()[1]
Thread(target=server.start, daemon=True).start()
${MEMBERS_OF_A_SLAVE}`;

/** The sizes before and after each change. A file's size and times may change in two steps, of which each is told. */
function sizes(printed: readonly Printed[]): readonly unknown[] {
  const found: unknown[] = [];
  for (let line = 0; line < printed.length; line += 3) {
    assert.deepEqual(printed[line], ['file changed']);
    const [before, after] = [1, 2].map((offset) => {
      const [text, stat] = printed[line + offset] as [string, readonly number[]];
      assert.equal(text, offset === 1 ? '    old stat:' : '    new stat:');
      assert.equal(stat.length, 10);
      return stat[6];
    });
    if (before !== after) found.push([before, after]);
  }
  return found;
}

const CHANGES = [
  [0, 6],
  [6, 11],
  [11, 0],
];

forEachPeer('Part 5 of the tutorial', (version) => {
  const fixture = new ClassicFixture(version);
  let originals: Originals;
  let folder: string;
  let file: string;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'tutorial-'));
    file = path.join(folder, 'floop.bloop');
    originals = await printedByPython(version, ORIGINALS, [fixture.peer.port]);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('does not wait for the server to sleep', async () => {
    const printed = await printedBy((print) => part5.asynchronousSleep(fixture.connection, 0.1, print));
    assert.deepEqual(printed, [
      ['<built-in function sleep>'],
      ['<AsyncResult object (pending)>'],
      [false],
      [true],
      [null],
      ['<AsyncResult object (ready)>'],
    ]);
    assert.deepEqual(printed, originals.asynchronousSleep);
  });

  it('gets a value later, or an exception', async () => {
    const printed = await printedBy((print) => part5.asynchronousInt(fixture.connection, print));
    assert.deepEqual(printed.slice(0, 3), [[true, false], [8], [true, true]]);
    assert.deepEqual(printed, originals.asynchronousInt);
  });

  it('is told of changes of a file', async () => {
    await using peer = await startPeer(version, 'tutorial_server.py', ['monitor']);
    const printed = await printedBy((print) => part5.events(peer.host, peer.port, file, print));
    assert.deepEqual(sizes(printed), CHANGES);
    const alone = await printedBy((print) => part5.eventsWithoutAThread(peer.host, peer.port, file, print));
    assert.equal(String(alone[0]), 'file changed');
    assert.match(String(alone[1]), /FileMonitor object at 0x/);
  });

  it('tells Python of changes of a file', async () => {
    await using server = await part5.startTheFileMonitor(0);
    const { events } = await printedByPython(version, EVENTS, [server.port, file]);
    assert.deepEqual(sizes(events), CHANGES);
    const { eventsWithoutAThread } = await printedByPython(version, WITHOUT_A_THREAD, [server.port, file]);
    assert.equal(String(eventsWithoutAThread[0]), 'file changed');
    assert.equal(String(eventsWithoutAThread.at(-1)), '<__javascript__.FileMonitor object>');
  });

  it('has the members of a slave by their whole names, as the file monitor of the tutorial is one', async () => {
    class SlaveMonitor extends SlaveService {
      exposed_FileMonitor(name: string): string {
        return `monitor of ${name}`;
      }
    }
    await using server = new ThreadedServer({ service: SlaveMonitor });
    await server.start();
    const { members } = await printedByPython(version, MEMBERS_OF_A_SLAVE, [server.port]);
    assert.deepEqual(members, [[false], ['monitor of f', 3]]);
    assert.deepEqual((await printedByPython(version, PYTHON_SLAVE, [0])).members, members);
  });
});
