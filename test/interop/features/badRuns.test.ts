/** What code that runs may do to its server: each is survived, and told in words. */
import assert from 'node:assert/strict';

import type { RunResult } from '../../../server/src/api/model';
import { Explorer } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';

interface Bad {
  readonly what: string;
  readonly source: string;
  readonly status?: RunResult['status'];
  readonly value?: RegExp;
  readonly error?: RegExp;
  readonly printed?: RegExp;
}

const PUT_BACK = 'Put back, since nothing runs here without it: ';

const BAD: readonly Bad[] = [
  { what: 'a coding line', source: "# -*- coding: latin-1 -*-\n'ä'", value: /^'ä'$/ },
  { what: 'NUL in the source', source: 'x = 1\0', error: /null byte/ },
  { what: 'lone surrogates that are printed', source: "print('a\\ud800b')", printed: /^a.*b\n$/ },
  { what: 'a name that cannot be encoded', source: "'\\udcff' + '\\x00'", value: /udcff/ },
  {
    what: 'bytes that are no text',
    source: "import sys\nsys.stdout.buffer.write(b'a\\xff\\n')",
    printed: /^a.\n$/,
  },
  {
    what: 'a repr that raises',
    source: "class Odd:\n    def __repr__(self): raise ValueError('no')\nOdd()",
    value: /its repr raised ValueError/,
  },
  {
    what: 'a repr that raises KeyboardInterrupt',
    source: 'class Odd:\n    def __repr__(self): raise KeyboardInterrupt()\nOdd()',
    value: /its repr raised KeyboardInterrupt/,
  },
  {
    what: 'a repr of 100 MB',
    source: "class Odd:\n    def __repr__(self): return 'x' * 100000000\nOdd()",
    value: /^x{9999}…$/,
  },
  {
    what: 'an error whose text raises',
    source: 'class Odd(BaseException):\n    def __str__(self): raise SystemExit()\nraise Odd()',
    error: /Odd: <the message could not be made>/,
  },
  {
    what: 'streams that are closed',
    source: "import sys\nsys.stdout.close(); sys.stderr.close(); sys.stdin.close()\nprint('closed')",
    printed: /^closed\n$/,
  },
  {
    what: 'streams that are deleted',
    source: 'import sys\ndel sys.stdout, sys.stderr, sys.stdin',
  },
  {
    what: 'a stream that is replaced by nonsense',
    source: 'import sys\nkept = sys.stdout\nsys.stdout = 5\nprint(1)',
    error: /AttributeError: 'int' object has no attribute 'write'/,
  },
  { what: 'the stream that comes back', source: 'import sys\nsys.stdout = kept' },
  {
    what: 'a module that is replaced by nonsense',
    source: "import sys\nsys.modules['sys'] = None\ndel sys.modules['rpyc.utils.helpers']",
    printed: new RegExp(
      `^${PUT_BACK}sys\\.modules\\['rpyc\\.utils\\.helpers'\\], sys\\.modules\\['sys'\\]\n$`,
    ),
  },
  {
    what: 'builtins that are deleted',
    source: "import builtins\ndel builtins.len, builtins.isinstance, builtins.type\nprint('lost?')",
    // The standard library wants them as well.
    error: /NameError: name 'len' is not defined/,
    printed: new RegExp(`^lost\\?${PUT_BACK}builtins\\.isinstance, builtins\\.len, builtins\\.type\n$`),
  },
  {
    what: 'print that is replaced',
    source:
      'import builtins\nfound = []\nkept, builtins.print = builtins.print, found.append\nprint(7)\nfound',
    value: /^\[7\]$/,
  },
  { what: 'print that is put back', source: "builtins.print = kept\nprint('again')", printed: /^again\n$/ },
  {
    what: 'no __builtins__',
    source: '__builtins__ = {}',
    printed: new RegExp(`^${PUT_BACK}__builtins__\n$`),
  },
  { what: 'another input', source: "input = lambda prompt: 'mine'\ninput('?')", value: /^'mine'$/ },
  ...['KeyboardInterrupt', 'SystemExit', 'GeneratorExit', 'MemoryError', 'Own'].map((name) => ({
    what: name,
    source: `class Own(BaseException): pass\nraise ${name}('so')`,
    error: new RegExp(`${name}: so`),
  })),
  { what: 'sys.exit', source: 'import sys\nsys.exit(3)', error: /SystemExit: 3/ },
  { what: 'more memory than there is', source: 'bytearray(10 ** 15)', error: /MemoryError/ },
  {
    what: 'endless recursion',
    source: 'def f(): return f()\nf()',
    error: /RecursionError: maximum recursion depth/,
  },
  {
    what: 'a low limit of recursion',
    source:
      'import sys\nfor n in range(20, 500):\n    try: sys.setrecursionlimit(n); break\n    except RecursionError: pass',
    printed: new RegExp(`${PUT_BACK}the recursion limit\n$`),
  },
];

for (const version of RPYC_VERSIONS) {
  const dialect = version === '5.3.0' ? 'C' : 'D';

  for (const mode of ['threaded', 'forking'] as const) {
    describe(`bad code on a ${mode} server of rpyc ${version}`, function () {
      this.timeout(60_000);

      async function withServer(
        work: (explorer: Explorer, log: () => string) => Promise<void>,
        isCalm = true,
      ): Promise<void> {
        await using server = await startClassic(version, { mode });
        await using explorer = await Explorer.connect(server, { profile: { dialect } });
        await work(explorer, server.log);
        assert.equal(await explorer.value("print('on')\nlen('abc')"), '3', 'the next run goes on');
        assert.ok(explorer.printed().endsWith('on\n'), explorer.printed());
        assert.equal(explorer.pool.state('p').status, 'connected');
        if (isCalm) {
          assert.doesNotMatch(server.log(), /Traceback|abruptly/);
        }
      }

      it('is told, and the next run goes on', async () => {
        await withServer(async (explorer) => {
          for (const { what, source, status, value, error, printed } of BAD) {
            explorer.output.length = 0;
            const result = await explorer.run(source);
            const shown = `${what}: ${JSON.stringify(result)} ${JSON.stringify(explorer.printed())}`;
            assert.equal(result.status, status ?? (error === undefined ? 'done' : 'error'), shown);
            assert.match(result.value ?? '', value ?? /^[^]*$/, shown);
            assert.match(result.error?.traceback ?? '', error ?? /^$/, shown);
            assert.match(explorer.printed(), printed ?? /^[^]*$/, shown);
          }
        });
      });

      for (const [what, source] of [
        [
          'repr',
          "class Odd:\n    def __repr__(self):\n        print('there')\n        while True: pass\nOdd()",
        ],
        [
          'text of an error',
          "class Odd(Exception):\n    def __str__(self):\n        print('there')\n        while True: pass\nraise Odd()",
        ],
      ] as const) {
        it(`can be interrupted in a ${what} that hangs`, async () => {
          await withServer(async (explorer) => {
            const run = explorer.run(source);
            await eventually('it is there', () => explorer.printed().includes('there'));
            await explorer.interrupt();
            assert.match((await run).status, /^(interrupted|error)$/);
          });
        });
      }

      it('is not sent where half a character stands in it', async () => {
        await withServer(async (explorer) => {
          await assert.rejects(
            explorer.run("x = '\ud800'"),
            /half a character .* write it as an escape, such as \\ud800/,
          );
        });
      });

      it('leaves what threads print after the run to the server', async () => {
        await withServer(async (explorer, log) => {
          await explorer.run(
            "import threading, time\ngo = threading.Event()\ndef late():\n    go.wait(20)\n    print('late', flush=True)\n" +
              "t = threading.Thread(target=late)\nt.start()\nprint('early')",
          );
          await explorer.run('go.set()\nt.join()');
          await eventually('it is there', () => log().includes('late'));
          assert.equal(explorer.printed(), 'early\n');
        });
      });

      it('has one answer where it forks, and its child holds no connection', async () => {
        await withServer(async (explorer, log) => {
          const source = [
            'import os, sys, time',
            "print('before')",
            'pid = os.fork()',
            'if pid == 0:',
            "    print('from the child', flush=True)",
            '    while os.getppid() == parent: time.sleep(0.02)',
            "    print('left', flush=True)",
            "'parent' if pid else 'child'",
          ].join('\n');
          assert.equal(await explorer.value(`import os\nparent = os.getpid()\n${source}`), "'parent'");
          await eventually('the child prints there', () => log().includes('from the child'));
          assert.equal(explorer.printed(), 'before\n', 'once');
          const shared = await explorer.value(
            `def links(who):\n    base = '/proc/%s/fd' % who\n    found = set()\n    for n in os.listdir(base):\n        try: found.add(os.readlink(base + '/' + n))\n        except OSError: pass\n    return found\n` +
              "len([link for link in links('self') - links(pid) if link.startswith('socket')])",
          );
          assert.ok(
            Number(shared) >= (mode === 'threaded' ? 2 : 1),
            `${shared} sockets are the parent's alone`,
          );
          await explorer.run('os.kill(pid, 9)\nos.waitpid(pid, 0)');
          const codes =
            'def code(ending):\n    pid = os.fork()\n    if pid == 0: return ending()\n' +
            '    return os.WEXITSTATUS(os.waitpid(pid, 0)[1])\ncodes = [code(lambda: None)]\ncodes';
          assert.equal(await explorer.value(codes), '[0]');
          assert.equal(await explorer.value('code(lambda: sys.exit(7))'), '7');
          const module = 'import multiprocessing as m\nq = m.get_context("fork").SimpleQueue()\n';
          const child =
            'p = m.get_context("fork").Process(target=q.put, args=(5,))\np.start()\np.join()\nq.get()';
          assert.equal(await explorer.value(module + child), '5');
        });
      });

      it('loses the connection where it ends the process, and says so', async () => {
        await using server = await startClassic(version, { mode });
        await using explorer = await Explorer.connect(server, { profile: { dialect } });
        const result = await explorer.run('import os\nos._exit(3)');
        assert.equal(result.status, 'lost');
        assert.match(
          result.problem?.message ?? '',
          /^The connection to “Lab” was lost while this ran: connect again/,
        );
        if (mode === 'forking') {
          await eventually('its server takes the next one', async () => {
            await explorer.pool.connect('p');
            return true;
          });
          assert.equal(await explorer.value('1'), '1');
        }
      });
    });
  }
}
