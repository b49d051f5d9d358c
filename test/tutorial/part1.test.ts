import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { eventually } from '../support/poll';
import { ClassicFixture } from '../support/rpycPeers';
import { forEachPeer, type Originals, printedBy, printedByPython } from '../support/tutorial';
import * as part1 from './part1';

const ORIGINALS = `
conn = rpyc.classic.connect(host, port)

def modulesNamespace():
    rsys = conn.modules.sys
    minidom = conn.modules["xml.dom.minidom"]
    show(str(rsys.argv))
    show(minidom.parseString("<greeting/>").documentElement.tagName)
    rsys.path.append('/tmp/totally-secure-package-location')
    conn.modules.os.chdir('.')
    print("Hello World!", file=conn.modules.sys.stdout)

def builtinsNamespace():
    f = conn.builtins.open(sys.argv[2])
    show(f.read())

def evalAndExecute():
    conn.execute('import math')
    show(conn.eval('2*math.pi'))
    show(str(sorted(conn.namespace)))

def withoutTheSugar():
    namespace = conn.builtins.dict()
    conn.builtins.exec(conn.builtins.compile('answer = 6 * 7', '<example>', 'exec'), namespace)
    show(namespace['answer'])
`;

/** The same things done to a server of ours, which serves JavaScript. */
const PYTHON_CLIENT = `
conn = rpyc.classic.connect(host, port)

def modules():
    process = conn.modules.process
    show(process.argv[1], conn.modules["node:path"].join('a', 'b'))
    process.chdir('.')
    process.stdout.write('')

def builtins():
    show(conn.modules.fs.readFileSync(sys.argv[2], 'utf8'), conn.builtins.parseInt('12 monkeys'))

def evalAndExecute():
    conn.execute('const path = require("path"); var two = 2')
    show(conn.eval('two * Math.PI'), conn.eval('path.sep'))
    show(conn.namespace.two)
`;

const SECRET =
  '-----BEGIN RSA PRIVATE KEY-----\nMIIJKQIBAACAQEA0...XuVmz/ywq+5m\n-----END RSA PRIVATE KEY-----\n';

forEachPeer('Part 1 of the tutorial', (version) => {
  const fixture = new ClassicFixture(version);
  let folder: string;
  let key: string;
  let originals: Originals;

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'tutorial-'));
    key = path.join(folder, 'id_rsa');
    writeFileSync(key, SECRET);
    originals = await printedByPython(version, ORIGINALS, [fixture.peer.port, key]);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('connects to a classic server', async () => {
    await using conn = await part1.runningAClient(fixture.peer.host, fixture.peer.port);
    assert.equal(await conn.modules.os.getpid(), fixture.peer.pid);
  });

  it('uses remote modules', async () => {
    const { connection: conn, peer } = fixture;
    const greetings = (): number => peer.log().split('Hello World!').length - 1;
    await eventually('the original has printed there', () => greetings() > 0);
    const before = greetings();
    const printed = await printedBy((print) => part1.modulesNamespace(conn, print));
    assert.deepEqual(printed, originals.modulesNamespace);
    await eventually('the server has printed it', () => greetings() === before + 1);
    assert.equal(await conn.eval('__import__("sys").path[-1]'), '/tmp/totally-secure-package-location');
  });

  it('uses remote builtins', async () => {
    const printed = await printedBy((print) => part1.builtinsNamespace(fixture.connection, key, print));
    assert.deepEqual(printed, [[SECRET]]);
    assert.deepEqual(printed, originals.builtinsNamespace);
  });

  it('evaluates and executes', async () => {
    const printed = await printedBy((print) => part1.evalAndExecute(fixture.connection, print));
    assert.deepEqual(printed, [[6.283185307179586], ["['__builtins__', 'math']"]]);
    assert.deepEqual(printed, originals.evalAndExecute);
    const plain = await printedBy((print) => part1.withoutTheSugar(fixture.connection, print));
    assert.deepEqual(plain, originals.withoutTheSugar);
    assert.deepEqual(plain, [[42]]);
  });

  it('serves Python', async () => {
    const lines: string[] = [];
    await using server = await part1.runningAServer(0, (line) => void lines.push(String(line)));
    assert.deepEqual(lines, [`server started on [127.0.0.1]:${server.port}`]);
    assert.deepEqual(await printedByPython(version, PYTHON_CLIENT, [server.port, key]), {
      modules: [[process.argv[1], path.join('a', 'b')]],
      builtins: [[SECRET, 12]],
      evalAndExecute: [[6.283185307179586, '/'], [2]],
    });
  });
});
