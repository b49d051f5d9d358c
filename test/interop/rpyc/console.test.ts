/** The peer's standard streams, console, debugger and functions, used from here. */
import assert from 'node:assert/strict';
import { PassThrough, Readable, Writable } from 'node:stream';

import {
  BgServingThread,
  call,
  classic,
  getattr,
  isPath,
  type Netref,
  SourceError,
} from '../../../server/src/rpyc/index';
import { eventually } from '../../support/poll';
import { ClassicFixture, forEachVersion } from '../../support/rpycPeers';

/** A stream that keeps what is written to it. */
class Sink extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.text += chunk.toString();
    setImmediate(callback);
  }
}

forEachVersion('Standard streams', (version) => {
  const fixture = new ClassicFixture(version);
  const names = "tuple(type(getattr(__import__('sys'), n)).__name__ for n in ('stdin', 'stdout', 'stderr'))";
  const OWN = ['TextIOWrapper', 'TextIOWrapper', 'TextIOWrapper'];

  it('of the server are ours for a while', async () => {
    const { connection } = fixture;
    const [stdout, stderr] = [new Sink(), new Sink()];
    const stdin = Readable.from(['first li', 'ne\nsecond', '\nrest of ', 'it', Buffer.from('ü')]);
    const result = await classic.redirectedStdio(connection, { stdin, stdout, stderr }, async () => {
      await connection.execute(`
import sys, threading
print('printed', 'ünïcode')
sys.stderr.write('complaint')
sys.stdout.buffer.write(b'bytes ')
sys.stdout.writelines(['a', 'b'])
read = (sys.stdin.readline(), input('prompt> '), sys.stdin.read(4), sys.stdin.read(), sys.stdin.readline())
thread = threading.Thread(target=lambda: print('from a thread'))
thread.start(); thread.join()
`);
      assert.deepEqual(await connection.eval(names), ['Input', 'Output', 'Output']);
      return await connection.eval('read');
    });
    assert.deepEqual(result, ['first line\n', 'second', 'rest', ' of itü', '']);
    assert.match(stdout.text, /^printed ünïcode\nbytes abprompt> from a thread\n$/);
    assert.equal(stderr.text, 'complaint');
    assert.deepEqual(await connection.eval(names), OWN);
  });

  it('are put back after an error, and once only what was redirected', async () => {
    const { connection } = fixture;
    const stdout = new Sink();
    const failing = classic.redirectedStdio(connection, { stdin: null, stdout, stderr: null }, async () => {
      assert.deepEqual(await connection.eval(names), ['TextIOWrapper', 'Output', 'TextIOWrapper']);
      await connection.execute("print('before'); 1 / 0");
    });
    await assert.rejects(failing, { typeName: 'ZeroDivisionError' });
    assert.equal(stdout.text, 'before\n');
    assert.deepEqual(await connection.eval(names), OWN);
    {
      await using redirection = await classic.redirectedStdio(connection, {
        stdin: null,
        stdout,
        stderr: null,
      });
      await connection.execute("print('in a block')");
      await redirection.restore();
      assert.deepEqual(await connection.eval(names), OWN);
    }
    assert.equal(stdout.text, 'before\nin a block\n');
  });

  it('are put back when the connection ends, in whatever order', async () => {
    const { connection } = fixture;
    const io = { stdin: null, stdout: new Sink(), stderr: null };
    const second = await fixture.connect();
    const third = await fixture.connect();
    await classic.redirectedStdio(second, io);
    await classic.redirectedStdio(third, io);
    assert.equal((await connection.eval<readonly string[]>(names))[1], 'Output');
    second.dispose();
    await third.close();
    await eventually('the server has its own back', async () => {
      assert.deepEqual(await connection.eval(names), OWN);
      return true;
    });
    await connection.execute("print('to nobody of ours')");
    await eventually('it prints there', () => fixture.peer.log().includes('to nobody of ours'));
    assert.equal(io.stdout.text, '');
  });

  it('leave what was not read to the next reader', async () => {
    const { connection } = fixture;
    const stdin = new PassThrough();
    stdin.write('one\ntwo\n');
    await classic.redirectedStdio(connection, { stdin, stdout: null, stderr: null }, () =>
      connection.eval("__import__('sys').stdin.readline()").then((line) => assert.equal(line, 'one\n')),
    );
    assert.equal(String(stdin.read()), 'two\n');
    assert.equal(stdin.listenerCount('readable'), 0);
  });
});

forEachVersion('The console', (version) => {
  const fixture = new ClassicFixture(version);

  it('runs on the peer with our streams, and with names of ours', async () => {
    const { connection } = fixture;
    const [stdout, stderr] = [new Sink(), new Sink()];
    const lines = [
      'print(given * 2)',
      'for i in range(2):',
      '    print(i)',
      '',
      'twice(4)',
      '1 / 0',
      'type(conn)',
      'exit()',
    ];
    const stdin = Readable.from(`${lines.join('\n')}\nprint("never")\n`);
    const twice = (value: unknown): number => Number(value) * 2;
    await classic.interact(connection, { given: 21, twice }, { stdin, stdout, stderr });
    assert.match(
      stdout.text,
      /^>>> 42\n>>> (\.\.\. ){2}0\n1\n>>> 8\n>>> >>> <class 'rpyc\.core\.protocol\.Connection'>\n/,
    );
    assert.match(stderr.text, /ZeroDivisionError/);
    assert.doesNotMatch(stdout.text, /never/);
    const space = await connection.eval<Netref>("{'name': 'theirs'}");
    const other = new Sink();
    await classic.interact(connection, space, {
      stdin: Readable.from(['name\n']),
      stdout: other,
      stderr: new Sink(),
    });
    assert.match(other.text, />>> 'theirs'\n/);
  });

  it('ends with its signal', async () => {
    const { connection } = fixture;
    const abort = new AbortController();
    const stdin = new PassThrough();
    const stdout = new Sink();
    const io = { stdin, stdout, stderr: new Sink(), signal: abort.signal };
    const running = classic.interact(connection, {}, io);
    await eventually('it asks', () => stdout.text.endsWith('>>> '));
    abort.abort();
    await assert.rejects(running, { code: 'ERR_ABORTED' });
    assert.equal(await connection.eval("type(__import__('sys').stdin).__name__"), 'TextIOWrapper');
    assert.equal(stdin.listenerCount('readable'), 0);
  });

  it('of the debugger shows the last exception', async () => {
    const { connection } = fixture;
    const quiet = { stdin: Readable.from([]), stdout: new Sink(), stderr: new Sink() };
    assert.equal(await classic.pm(connection, quiet), false);
    await connection.execute('def broken(secret):\n    return secret / 0');
    await assert.rejects(Promise.resolve(connection.eval('broken(1234)')), { typeName: 'ZeroDivisionError' });
    const stdout = new Sink();
    const stdin = Readable.from(['p secret + 1\nwhere\nq\n']);
    assert.equal(await classic.pm(connection, { stdin, stdout, stderr: new Sink() }), true);
    assert.match(stdout.text, /\(Pdb\) 1235\n/);
    assert.match(stdout.text, /broken\(\)/);
  });
});

forEachVersion('A teleported function', (version) => {
  const fixture = new ClassicFixture(version);

  it('runs there, in the namespace of the connection', async () => {
    const { connection } = fixture;
    await connection.execute('factor = 3');
    const add = await connection.teleport(`
      import math
      def helper(value):
          return value * factor
      def add(a, b=1, *, c=0):
          return helper(a) + b + c + math.floor(0.5)
    `);
    assert.equal(await add(2), 7);
    assert.equal(await call(add, [2], { c: 10 }), 17);
    assert.equal(await getattr(add, '__name__'), 'add');
    assert.equal(await connection.eval('add(1)'), 4);
    const helper = await classic.teleportFunction(
      connection,
      'def one(): return 1\ndef two(): return 2',
      'one',
    );
    assert.equal(await helper(), 1);
    const lambda = await classic.teleportFunction(connection, '  lambda x: x * factor', 'triple');
    assert.equal(await lambda(5), 15);
    assert.equal(await connection.eval('triple(2)'), 6);
  });

  it('of bad source is refused with its line', async () => {
    const { connection } = fixture;
    await assert.rejects(connection.teleport('def good(): pass\n\ndef bad(:\n  pass'), (error) => {
      assert.ok(error instanceof SourceError);
      assert.deepEqual([error.code, error.line, typeof error.column], ['ERR_SOURCE', 3, 'number']);
      assert.match(error.message, /line 3/);
      return true;
    });
    await assert.rejects(connection.teleport('x = 1'), { code: 'ERR_SOURCE' });
    await assert.rejects(connection.teleport('def f(): pass', 'g'), { code: 'ERR_SOURCE' });
    await assert.rejects(connection.teleport('@missing\ndef f(): pass'), { typeName: 'NameError' });
    const failing = await connection.teleport('def fails():\n    return 1 / 0');
    await assert.rejects(
      Promise.resolve(failing()),
      (error: { frames?: { file: string; line: number }[] }) => {
        const frame = error.frames?.find(({ file }) => file === '<teleported>');
        assert.equal(frame?.line, 2);
        return true;
      },
    );
  });
});

describe('A mock of a classic connection', () => {
  it('is this process, used as any other', async () => {
    const connection = new classic.MockClassicConnection();
    try {
      assert.equal(await connection.modules['os']?.['platform']?.(), process.platform);
      assert.equal(await connection.eval('6 * 7'), 42);
      await connection.execute('var kept = [1]; var double = (x) => 2 * x');
      assert.equal(await connection.eval('double(kept[0])'), 2);
      const double = (await getattr(connection.namespace, 'double')) as Netref;
      assert.equal(await double(4), 8);
      assert.ok(isPath(connection.builtins));
      const text = 'long '.repeat(100_000);
      assert.equal(await connection.builtins['encodeURIComponent']?.(text), encodeURIComponent(text));
      await connection.ping();
    } finally {
      await connection.close();
    }
    await assert.rejects(Promise.resolve(connection.eval('1')), { code: 'ERR_CLOSED' });
  });
});

forEachVersion('A thread that serves in the background', (version) => {
  const fixture = new ClassicFixture(version);

  it('has nothing to do, and tells when the connection ends', async () => {
    const told: string[] = [];
    const connection = await fixture.connect();
    const stopped = new BgServingThread(connection, () => told.push('stopped'));
    const served = new BgServingThread(connection, () => told.push('served'));
    assert.deepEqual([stopped.active, served.active], [true, true]);
    stopped.stop();
    stopped.stop();
    const later = await connection.eval<Netref>("lambda f: __import__('threading').Thread(target=f).start()");
    await later(() => told.push('called'));
    await eventually('the peer calls while nobody waits', () => told.includes('called'));
    await connection.close();
    assert.deepEqual(told, ['called', 'served']);
    assert.deepEqual([stopped.active, served.active], [false, false]);
  });
});
