/** Stock clients that connect to the editor, and what they can reach there. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import type { ListenerInfo } from '../../../server/src/api/callbacks';
import { CallbackBench } from '../../support/callbackBench';
import { eventually } from '../../support/poll';
import { runPython } from '../../support/pythonPeer';
import { SPOKEN_VERSIONS } from '../../support/rpycPeers';

/** Connects as the README says; `refused` tells the class and the first line of what was raised. */
const CLIENT = `
import socket, sys, rpyc
way, place, token, name = sys.argv[1:5]
def connect(hello):
    if way == 'unix':
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(place)
    else:
        sock = socket.create_connection(('127.0.0.1', int(place)))
    sock.sendall(hello)
    return rpyc.connect_stream(rpyc.SocketStream(sock))
def refused(f, *args):
    try:
        return 'allowed ' + repr(f(*args))
    except Exception as e:
        return type(e).__name__.split('.')[-1] + ': ' + str(e).split('\\n')[0].replace("u'", "'")
def opened(name=name):
    return connect((token + ' ' + name + '\\n').encode())
`;

function argsOf({ way, path: socket, port, token }: ListenerInfo, name = 'worker'): readonly string[] {
  return [way, socket ?? String(port), token, name];
}

async function client(
  version: (typeof SPOKEN_VERSIONS)[number],
  info: ListenerInfo,
  code: string,
): Promise<string> {
  const { stdout, stderr, code: exit } = await runPython(version, CLIENT + code, argsOf(info));
  assert.equal(exit, 0, stdout + stderr);
  return stdout;
}

for (const version of SPOKEN_VERSIONS.filter((one) => !one.startsWith('3'))) {
  describe(`job 20: be called back by a client of rpyc ${version}`, () => {
    it('calls what is exposed, and is refused everything else as upstream refuses it', async () => {
      await using bench = new CallbackBench();
      const info = await bench.door.listen({ way: 'loopback', names: ['stdout_write', 'console'] });
      const other = ['print', 'ask', 'eval', 'getmodule', 'get_service_name', '__class__', 'exposed_nothing'];
      const out = await client(
        version,
        info,
        `
conn = opened()
conn.root.stdout_write('from IDA\\n')
conn.root.console('done', 3, (1, b'x'), sep='; ')
conn.root.exposed_stdout_write('again')
for name in ${JSON.stringify(other)}:
    print(refused(getattr, conn.root, name))
print(refused(setattr, conn.root, 'console', 1))
conn.close()
`,
      );
      const lines = out.trim().split('\n');
      for (const [index, name] of other.slice(0, 5).entries()) {
        assert.equal(lines[index], `AttributeError: cannot access '${name}'`);
      }
      assert.match(lines[6] ?? '', /^AttributeError: .*object has no attribute 'exposed_nothing'/);
      assert.match(lines[7] ?? '', /^AttributeError: /);
      await eventually('all is told', () => bench.calls.size === 3);
      assert.equal(bench.printed, "from IDA\ndone; 3; (1, b'x')\nagain");
      // The strings of Python 2 are bytes.
      assert.match(bench.lines[0] ?? '', /^stdout_write\(b?'from IDA\\n'\) answered$/);
      assert.deepEqual(
        bench.questions.map(({ kind, peer }) => [kind, peer]),
        [['admit', 'worker']],
      );
    });
  });
}

describe('The listener for peers', () => {
  it('listens on a socket that only its user can open, which goes with it', async () => {
    await using bench = new CallbackBench();
    const info = await bench.door.listen({ way: 'unix', names: ['confirm'] });
    const socket = info.path ?? assert.fail('It has no path');
    assert.equal(statSync(socket).mode & 0o777, 0o600);
    assert.equal(statSync(path.dirname(socket)).mode & 0o777, 0o700);
    assert.equal((await client('6.0.2', info, "print(opened().root.confirm('Go on?'))")).trim(), 'True');
    await bench.door.stopListening();
    assert.throws(() => statSync(path.dirname(socket)));
    assert.deepEqual(bench.listeners.at(-1), {});
  });

  it('answers nothing to who does not know the token, and reads no byte of the protocol', async () => {
    await using bench = new CallbackBench({ timings: { helloSeconds: 0.2 } });
    const info = await bench.door.listen({ way: 'loopback', names: ['print'] });
    const GETROOT = Buffer.from('0000000600010217030350', 'hex');
    for (const words of [
      GETROOT,
      `${'0'.repeat(48)}\n`,
      `${info.token.slice(0, -1)}\n`,
      'x'.repeat(300),
      '\n',
      '',
    ]) {
      const { received, ended } = await say(info, words);
      assert.deepEqual([received, ended], ['', true], String(words));
    }
    assert.deepEqual(bench.questions, []);
    assert.ok(!bench.log.join('\n').includes(info.token));
  });

  it('lets one peer in at a time, each once the user has agreed', async () => {
    await using bench = new CallbackBench();
    const info = await bench.door.listen({ way: 'loopback', names: ['print'] });
    const out = await client(
      '6.0.2',
      info,
      `
first = opened('one')
first.root.print('first')
second = opened('two')
print(refused(lambda: second.root.print('second')))
opened('one').root.print('one again')
first.close()
`,
    );
    assert.match(out, /^EOFError/);
    await eventually('calls', () => bench.calls.size === 2);
    await eventually('the first is gone', () => bench.listeners.at(-1)?.listener?.peer === '');
    bench.answer = () => Promise.resolve({ value: false });
    assert.match(
      await client('6.0.2', info, "print(refused(lambda: opened('two').root.print('second')))"),
      /^EOFError/,
    );
    assert.deepEqual(
      bench.questions.map(({ peer }) => peer),
      ['one', 'two'],
    );
    assert.equal(bench.printed, 'first\none again\n');
  });

  it('ends by itself when nobody calls, and with its connections when it is told to', async () => {
    await using bench = new CallbackBench({ timings: { idleSeconds: 0.3 } });
    const info = await bench.door.listen({ way: 'loopback', names: ['print'] });
    await eventually('it ends', () => bench.listeners.at(-1)?.idle === true);
    await assert.rejects(say(info, ''), { code: 'ECONNREFUSED' });
  });

  it('turns away who connects too often', async () => {
    await using bench = new CallbackBench({ timings: { connectionsAtOnce: 3, connectionsPerSecond: 0.01 } });
    const info = await bench.door.listen({ way: 'loopback', names: ['print'] });
    for (let n = 0; n < 4; n += 1) {
      await say(info, 'wrong\n');
    }
    assert.match(
      await client('6.0.2', info, "print(refused(lambda: opened().root.print('x')))"),
      /^(EOFError|Connection)/,
    );
  });
});

/** Sends bytes, and tells what came back and whether the other side has ended it. */
async function say(
  { port = 0 }: ListenerInfo,
  words: string | Buffer,
): Promise<{ readonly received: string; readonly ended: boolean }> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    let received = '';
    return await new Promise((resolve, reject) => {
      socket.on('data', (data) => (received += data.toString('hex')));
      socket.once('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ECONNRESET' ? resolve({ received, ended: true }) : reject(error),
      );
      socket.once('close', () => resolve({ received, ended: true }));
      socket.once('connect', () => socket.write(words));
    });
  } finally {
    socket.destroy();
  }
}
