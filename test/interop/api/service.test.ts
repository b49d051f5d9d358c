/** The entries of `rpyc.core.service`: services of ours that real Python clients use. */
import assert from 'node:assert/strict';

import {
  classic,
  ClassicClient,
  ClassicConnection,
  ClassicService,
  type Connection,
  FakeSlaveService,
  MasterService,
  Service,
  type ServiceClass,
  SlaveService,
  ThreadedServer,
  VoidService,
} from '../../../server/src/rpyc/index';
import { type ApiPeer, describeApi } from '../../support/apiEntry';
import { eventually } from '../../support/poll';
import { runPython } from '../../support/pythonPeer';

/** What a Python program prints that has `c`, a connection to our server. */
async function asked(
  peer: ApiPeer,
  service: ServiceClass | Service,
  code: string,
  how = 'rpyc',
): Promise<string> {
  await using server = new ThreadedServer({ service });
  await server.start();
  const connecting = `import rpyc\nc = ${how}.connect("127.0.0.1", ${server.port})\n`;
  const { stdout, stderr, code: exit } = await runPython(peer.version, `${connecting}${code}\nc.close()`);
  assert.equal(exit, 0, stderr);
  return stdout.trim();
}

const TRIES = 'def tries(f):\n  try: return repr(f())\n  except Exception as e: return type(e).__name__\n';

class GreeterService extends Service {
  static override readonly aliases: readonly string[] = ['greeter', 'hello'];
  exposed_greet(name: string): string {
    return `Hello ${name}`;
  }
}

class PlainService extends Service {}

describeApi('rpyc.core.service', (entry) => {
  entry('Service', async (peer) => {
    class Own extends Service {
      exposed_twice(n: number): number {
        return 2 * n;
      }
    }
    assert.equal(await asked(peer, Own, 'print(c.root.twice(21), c.root.exposed_twice(4))'), '42 8');
  });

  entry('Service.on_connect', async (peer) => {
    class Own extends Service {
      readonly seen: Connection[] = [];
      override async onConnect(connection: Connection): Promise<void> {
        await super.onConnect(connection);
        this.seen.push(connection);
      }
    }
    const own = new Own();
    await asked(peer, own, 'c.ping()');
    assert.equal(own.seen.length, 1);
  });

  entry('Service.on_disconnect', async (peer) => {
    class Own extends Service {
      readonly seen: string[] = [];
      override onDisconnect(connection: Connection): void {
        this.seen.push(connection.closed ? 'closed' : 'open');
      }
    }
    const own = new Own();
    await asked(peer, own, 'c.ping()');
    await eventually('the service is told', () => own.seen.length > 0);
    assert.deepEqual(own.seen, ['closed']);
  });

  entry('Service.get_service_aliases', async (peer) => {
    assert.deepEqual(GreeterService.getServiceAliases(), ['GREETER', 'HELLO']);
    assert.deepEqual(PlainService.getServiceAliases(), ['PLAIN']);
    const theirs =
      'import rpyc\nclass PlainService(rpyc.Service): pass\nprint(*PlainService.get_service_aliases())';
    assert.equal(
      (await runPython(peer.version, theirs)).stdout.trim(),
      PlainService.getServiceAliases().join(' '),
    );
  });

  entry('Service.get_service_name', async (peer) => {
    assert.deepEqual([GreeterService.getServiceName(), PlainService.getServiceName()], ['GREETER', 'PLAIN']);
    const theirs =
      'import rpyc\nclass PlainService(rpyc.Service): pass\nprint(PlainService.get_service_name())';
    assert.equal((await runPython(peer.version, theirs)).stdout.trim(), PlainService.getServiceName());
  });

  entry('Service.exposed_get_service_aliases', async (peer) => {
    assert.equal(await asked(peer, GreeterService, 'print(*c.root.get_service_aliases())'), 'GREETER HELLO');
  });

  entry('Service.exposed_get_service_name', async (peer) => {
    assert.equal(await asked(peer, PlainService, 'print(c.root.get_service_name())'), 'PLAIN');
  });

  entry('VoidService', async (peer) => {
    const code = `${TRIES}print(tries(lambda: c.root.greet), str(c.root))`;
    assert.equal(await asked(peer, VoidService, code), 'AttributeError <VoidService object>');
  });

  entry('ModuleNamespace', async (peer) => {
    const connection = await peer.connect();
    assert.equal(await connection.modules['os']?.['path']?.['join']?.('a', 'b'), 'a/b');
    assert.equal(await connection.modules['xml.dom.minidom']?.['__name__'], 'xml.dom.minidom');
    assert.match(String(await connection.modules['sys']?.['version']), /^3\./);
  });

  entry('SlaveService', async (peer) => {
    const code =
      'import os\nprint(c.modules.os.platform(), c.eval("6 * 7"))\nc.execute("x = 5")\nprint(c.namespace["x"])\n' +
      'print(c.modules["node:path"].join("a", "b"))';
    assert.equal(await asked(peer, SlaveService, code, 'rpyc.classic'), 'linux 42\n5\na/b');
  });

  entry('SlaveService.on_connect', async (peer) => {
    const code = 'm = c.modules.os\nm.spoken = 7\nprint(m.spoken, m.EOL.strip() == "")\ndel m.spoken';
    assert.equal(await asked(peer, SlaveService, code, 'rpyc.classic'), '7 True');
  });

  entry('FakeSlaveService', async (peer) => {
    const code = `${TRIES}print(tries(lambda: c.root.exposed_eval("1")), str(c.root))`;
    assert.equal(await asked(peer, FakeSlaveService, code), 'AttributeError <FakeSlaveService object>');
  });

  entry('MasterService', async (peer) => {
    const connection = await classic.connect(peer.host, peer.port, { service: MasterService });
    assert.equal(await connection.eval('6 * 7'), 42);
    const code = `${TRIES}print(tries(lambda: c.root.eval("1")), c.root.get_service_name())`;
    assert.equal(await asked(peer, MasterService, code), 'AttributeError MASTER');
    await connection.close();
  });

  entry('MasterService.on_connect', async (peer) => {
    const connected: Connection[] = [];
    class Own extends MasterService {
      override onConnect(connection: Connection): void {
        connected.push(connection);
      }
    }
    // A slave says nothing before it is asked, so it cannot show its dialect.
    const dialect = peer.version.startsWith('6') ? 'D' : 'C';
    await using server = new ThreadedServer({ service: Own, dialect });
    await server.start();
    const slave = 'service=rpyc.core.service.SlaveService';
    const program = `import rpyc\nc = rpyc.connect("127.0.0.1", ${server.port}, ${slave})\nc.serve_all()`;
    const running = runPython(peer.version, program);
    const connection = await eventually('a slave connects', () => connected[0]);
    assert.ok(connection instanceof ClassicConnection);
    assert.equal(await connection.modules['math']?.['factorial']?.(5), 120);
    await connection.close();
    await running;
  });

  entry('ClassicService', async (peer) => {
    await using server = new ThreadedServer({ service: ClassicService });
    await server.start();
    const program =
      `import rpyc\nc = rpyc.connect("127.0.0.1", ${server.port}, service=rpyc.core.service.ClassicService)\n` +
      'print(c.eval("6 * 7"))\nc.close()';
    const { stdout, stderr } = await runPython(peer.version, program);
    assert.equal(stdout.trim(), '42', stderr);
    const ours = await classic.connect(peer.host, peer.port, { service: ClassicService });
    const evaluate = await ours.eval<(...args: unknown[]) => Promise<unknown>>(
      'lambda conn, text: conn.root.eval(text)',
    );
    assert.equal(await evaluate(await ours.root['getconn']?.(), '20 + 2'), 22);
    await ours.close();
  });

  entry('ClassicClient', async (peer) => {
    const connection = await classic.connect(peer.host, peer.port, { service: ClassicClient });
    const own = await connection.root['getconn']?.();
    await connection.execute(
      `${TRIES}def seen(conn): return tries(lambda: conn.root.eval("1")), str(conn.root)`,
    );
    const seen = await connection.eval<(peer: unknown) => Promise<unknown>>('seen');
    assert.deepEqual(await seen(own), ['AttributeError', '<FakeSlaveService object>']);
    await connection.close();
  });
});
