import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';

import type { ThreadedServer } from '../../server/src/rpyc/index';
import { type CertificateFiles, TestAuthority } from '../support/certificates';
import { eventually } from '../support/poll';
import { startClassic, startPeer } from '../support/pythonPeer';
import { ClassicFixture } from '../support/rpycPeers';
import { Sink } from '../support/sink';
import { forEachPeer, type Originals, printedBy, printedByPython } from '../support/tutorial';
import * as asynchronous from './asynchronous';
import { debugging } from './debugging';
import { createGreeter, greeter } from './greeter';
import * as redirection from './redirection';
import * as security from './security';
import * as services from './services';
import * as ssl from './ssl';
import * as tunnelling from './tunnelling';

const HOST = '127.0.0.1';

const REDIRECTED = `
import io
c = rpyc.classic.connect(host, port)

def _here(run):
    stdout, sys.stdout = sys.stdout, io.StringIO()
    try:
        run()
        return sys.stdout.getvalue()
    finally:
        sys.stdout = stdout

def replacedStdout():
    def run():
        c.modules.sys.stdout = sys.stdout
        c.execute("print('hi here')")
        c.modules.sys.stdout = c.modules.sys.__stdout__
    show(_here(run))

def redirected():
    def run():
        with rpyc.classic.redirected_stdio(c):
            c.execute("print('hi here')")
    show(_here(run))
`;

const DEBUGGING = `
import io
c = rpyc.classic.connect(host, port)

def debugging():
    try:
        c.modules["xml.dom.minidom"].parseString("<<invalid xml>/>")
    except Exception as error:
        show("xml.parsers.expat.ExpatError: " + str(error).split("\\n")[0])
    streams = sys.stdin, sys.stdout
    sys.stdin, sys.stdout = io.StringIO("l\\nw\\nq\\n"), io.StringIO()
    rpyc.classic.pm(c)
    text = sys.stdout.getvalue()
    sys.stdin, sys.stdout = streams
    show(text)
`;

forEachPeer('The how-tos with a classic server', (version) => {
  const fixture = new ClassicFixture(version);
  const original = async (code: string): Promise<Originals> =>
    await printedByPython(version, code, [fixture.peer.port]);
  let folder: string;
  let file: string;
  let echo: Server;
  const seenBy: (number | undefined)[] = [];

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'tutorial-'));
    file = path.join(folder, 'note');
    writeFileSync(file, 'a note');
    echo = createServer((socket) => {
      seenBy.push(socket.remotePort);
      socket.on('error', () => socket.destroy());
      socket.pipe(socket);
    }).listen(0, HOST);
    await once(echo, 'listening');
  });

  afterEach(() => {
    Object.assign(greeter, createGreeter());
  });

  after(() => {
    echo.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('redirect what the server prints', async () => {
    const { connection: c, peer } = fixture;
    const [replaced, redirected] = [new Sink(), new Sink()];
    await redirection.replacedStdout(c, replaced);
    await redirection.redirected(c, redirected);
    await eventually('the server has printed', () => peer.log().includes('hi there again'));
    assert.equal(peer.log().match(/hi there\n/g)?.length, 2);
    assert.doesNotMatch(peer.log(), /hi here/);
    const originals = await original(REDIRECTED);
    assert.deepEqual([[replaced.text]], originals.replacedStdout);
    assert.deepEqual([[redirected.text]], originals.redirected);
    assert.equal(redirected.text, 'hi here\n');
  });

  it('debug what went wrong there', async () => {
    const stdout = new Sink();
    const io = { stdin: Readable.from('l\nw\nq\n'), stdout, stderr: null };
    const printed = await printedBy((print) => debugging(fixture.connection, print, io));
    const originals = await original(DEBUGGING);
    const [message, session] = originals.debugging.map(String);
    assert.deepEqual(printed.map(String), [message]);
    assert.match(stdout.text, /^> \S+expatbuilder\.py\(\d+\)parseString\(\)\n-> .*\n\(Pdb\) +\d+ /);
    assert.match(stdout.text, /minidom\.py\(\d+\)parseString\(\)/);
    const listed = (text = ''): readonly string[] => text.split('(Pdb)').slice(0, 2);
    assert.deepEqual(listed(stdout.text), listed(session));
  });

  it('reach what only the server reaches', async () => {
    const { port } = echo.address() as AddressInfo;
    const [c, b] = [fixture.peer, { host: HOST, port }];
    const printed = await printedBy((print) => tunnelling.tunnelling(c, b, print));
    assert.deepEqual(printed, [['hello'], [[HOST, seenBy.at(-1)]]]);

    assert.equal(await greeter.greet(HOST, port), 'hello');
    const patched = await printedBy((print) => tunnelling.patchedNetwork(c, b, print));
    assert.deepEqual(patched, [['hello']]);
    await assert.rejects(Promise.resolve(greeter.connect(HOST, port)), { name: 'EOFError' });
  });

  it('give a module another operating system', async () => {
    assert.equal(await greeter.describe(file), `process ${process.pid} reads: a note`);
    const printed = await printedBy((print) => tunnelling.patchedSystem(fixture.connection, file, print));
    assert.deepEqual(printed, [[`process ${fixture.peer.pid} reads: a note`]]);
  });

  it('use it for all sorts of things', async () => {
    const printed = await printedBy((print) => services.usingAClassicServer(HOST, fixture.peer.port, print));
    const { classic } = await original(`
def classic():
    conn = rpyc.classic.connect(host, port)
    proc = conn.modules.subprocess.Popen(["ls", "/"], stdout = -1, stderr = -1)
    stdout, stderr = proc.communicate()
    show(stdout.decode().split())
    show(len(conn.builtin.range(7)))
`);
    assert.deepEqual(printed, classic);
    await eventually('it has printed', () => fixture.peer.log().includes('foo'));
  });

  it('go on while the server works', async () => {
    const { connection: conn } = fixture;
    assert.deepEqual(await printedBy((print) => asynchronous.asynchronously(conn, 0.05, print)), [
      ['ready:', false],
      ['called back'],
      ['ready:', true],
      [null],
    ]);
    assert.deepEqual(await printedBy((print) => asynchronous.inOneGo(conn, print)), [[2]]);
    assert.deepEqual(await printedBy((print) => asynchronous.servedMeanwhile(conn, print)), [
      ['called', 'by the server'],
    ]);
  });

  it('wait no longer than they want', async () => {
    const conn = await fixture.connect();
    const printed = await printedBy((print) => asynchronous.withATimeout(conn, 2, 4, print));
    // The server sleeps: closing in order would wait for it.
    conn.dispose();
    const { withATimeout } = await original(`
conn = rpyc.classic.connect(host, port)
def withATimeout():
    timed_sleep = rpyc.timed(conn.modules.time.sleep, 2)
    show(timed_sleep(0).value)
    async_res = timed_sleep(4)
    try:
        async_res.value
    except rpyc.AsyncResultTimeout as error:
        show("AsyncResultTimeout", str(error).capitalize(), async_res.expired)
`);
    assert.deepEqual(printed, [[null], ['AsyncResultTimeout', 'Result expired', true]]);
    assert.deepEqual(printed, withATimeout);
  });
});

const CLIENTS = `
class ClientService(rpyc.Service):
    def exposed_foo(self):
        return "foo"

def _calculator():
    conn = rpyc.connect(host, port)
    show(conn.root.add(4, 7))
    try:
        conn.root.div(4, 0)
    except ZeroDivisionError as error:
        show(error.args[0])
    show(hasattr(conn.root, "foo"))

def _classes():
    show(rpyc.connect(host, port).root.MyClass(3, 4).foo())

def _names():
    c = rpyc.connect(host, port)
    show(c.root.get_service_name(), c.root.get_service_aliases())

def _decoupled():
    show(rpyc.connect(host, port, service = ClientService).root.bar())

def _callback():
    def foofunc():
        return "foo"
    show(rpyc.connect(host, port).root.bar(foofunc))

def _secure():
    f = rpyc.connect(host, port).root.open(sys.argv[2])
    show(f.readFile("utf8"), hasattr(f, "close"), hasattr(f, "write"), hasattr(f, "fd"))
    f.close()
    w = rpyc.connect(host, port).root.wrapped()
    show(w.foo, w.bar, hasattr(w, "spam"))
    p = rpyc.connect(host, port).root.protected()
    show(p._secret, hasattr(p, "__dict__"), hasattr(p, "constructor"))

`;

forEachPeer('The how-tos of services', (version) => {
  const client = async (name: string, server: ThreadedServer, ...args: string[]): Promise<unknown> => {
    const code = `${CLIENTS}\ndef run(): _${name}()\n`;
    return (await printedByPython(version, code, [server.port, ...args])).run;
  };

  const examples = [
    ['calculator', services.CalculatorService, services.calculate, [[11], ['division by zero'], [false]]],
    ['classes', services.ClassesService, services.useAClass, [[7]]],
    ['decoupled', services.ServerService, services.decoupled, [['foobar']]],
    ['callback', services.CallbackService, services.callback, [['foobar']]],
  ] as const;

  for (const [name, service, use, expected] of examples) {
    it(`hold for the example "${name}", as server and as client`, async () => {
      await using peer = await startPeer(version, 'tutorial_server.py', [name]);
      assert.deepEqual(await printedBy((print) => use(HOST, peer.port, print)), expected);
      await using server = await services.customServer(service, 0);
      assert.deepEqual(await client(name, server), expected);
    });
  }

  it('give a service several names', async () => {
    await using server = await services.customServer(services.AliasedService, 0);
    assert.deepEqual(await client('names', server), [['FOO', ['FOO', 'BAR', 'SPAM']]]);
  });

  it('let a client see no more than it should', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tutorial-'));
    try {
      const file = path.join(folder, 'note');
      writeFileSync(file, 'a note');
      await using server = await security.startTheService(0);
      const seen = [
        ['a note', true, false, false],
        ['foo', 'bar', false],
        [18, false, false],
      ];
      assert.deepEqual(await client('secure', server, file), seen);
      await using peer = await startPeer(version, 'tutorial_server.py', ['secure']);
      for (const { port } of [peer, server]) {
        assert.deepEqual(await printedBy((print) => security.lookAround(HOST, port, file, print)), [
          [true, false],
          ['foo', 'bar', false],
          [18, false],
        ]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

forEachPeer('The how-to of TLS', (version) => {
  let authority: TestAuthority;
  let [mine, theirs]: [CertificateFiles?, CertificateFiles?] = [];

  before(async () => {
    authority = await TestAuthority.create();
    mine = await authority.issue('mine');
    theirs = await authority.issue('theirs');
  });

  after(() => authority[Symbol.asyncDispose]());

  it('holds for a server in Python', async () => {
    assert.ok(mine && theirs);
    const args = ['--ssl-keyfile', theirs.key, '--ssl-certfile', theirs.cert, '--ssl-cafile', authority.ca];
    await using peer = await startClassic(version, { args });
    await using conn = await ssl.client('localhost', peer.port, mine, authority.ca);
    assert.equal(await conn.modules.os.getpid(), peer.pid);
  });

  it('holds for a client in Python', async () => {
    assert.ok(mine && theirs);
    await using server = await ssl.server(mine, { ca: authority.ca, port: 0 });
    const code = `
def client():
    conn = rpyc.ssl_connect("localhost", port=port, keyfile=sys.argv[2], certfile=sys.argv[3], ca_certs=sys.argv[4])
    show(conn.root.eval("process.pid"))
`;
    const args = [server.port, theirs.key, theirs.cert, authority.ca];
    assert.deepEqual((await printedByPython(version, code, args)).client, [[process.pid]]);
  });
});
