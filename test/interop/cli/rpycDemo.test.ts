/** The demo program as a Python client meets it. */
import assert from 'node:assert/strict';
import path from 'node:path';

import { TestProcess } from '../../support/childProcess';
import { eventually } from '../../support/poll';
import { RPYC_VERSIONS, runPython } from '../../support/pythonPeer';

const PROGRAM = path.resolve(__dirname, '../../../server/src/cli/rpyc-demo.js');

/** A visitor: prints what it met as JSON. */
const VISIT = `
import json, sys, time, rpyc

def refusal(attempt):
    try:
        attempt()
    except Exception as error:
        return [type(error).__name__, str(error).splitlines()[0]]

conn = rpyc.connect("127.0.0.1", int(sys.argv[1]))
bench = conn.root
seen = []
watch = bench.watch(lambda *reading: seen.append(reading))
deadline = time.time() + 10
while len(seen) < 2 and time.time() < deadline:
    conn.serve(0.1)
watch.stop()
entries = list(bench.logbook.entries)
history = bench.thermometer.history
print(json.dumps({
    "name": bench.get_service_name(),
    "methods": sorted(name for name in vars(type(bench)) if name.startswith("exposed_")),
    "unit": bench.thermometer.unit,
    "reading": bench.read(),
    "eta": bench.motor.move(30),
    "moving": bench.motor.moving,
    "watched": seen,
    "entries": entries,
    "history": [list(row) for row in history],
    "too far": refusal(lambda: bench.motor.move(1000)),
    "not exposed": refusal(lambda: bench.motor.step()),
    "no function": refusal(lambda: bench.watch(3)),
}))
`;

interface Visit {
  readonly name: string;
  readonly methods: readonly string[];
  readonly unit: string;
  readonly reading: readonly [number, number, number];
  readonly eta: number;
  readonly moving: boolean;
  readonly watched: readonly (readonly number[])[];
  readonly entries: readonly string[];
  readonly history: readonly (readonly number[])[];
  readonly 'too far': readonly string[];
  readonly 'not exposed': readonly string[];
  readonly 'no function': readonly string[];
}

function startDemo(...args: readonly string[]): TestProcess {
  return new TestProcess(process.execPath, [PROGRAM, ...args]);
}

async function portOf(demo: TestProcess): Promise<number> {
  const line = await eventually('the demo is ready', () => /^\{.*\}$/m.exec(demo.stdout)?.[0]);
  return (JSON.parse(line) as { port: number }).port;
}

describe('rpyc-demo', () => {
  for (const version of RPYC_VERSIONS) {
    it(`is a service that rpyc ${version} uses, callbacks included`, async () => {
      await using demo = startDemo('--json', '--port', '0', '--seed', '5');
      const { stdout, stderr, code } = await runPython(version, VISIT, [String(await portOf(demo))]);
      assert.equal(code, 0, stderr);
      const visit = JSON.parse(stdout) as Visit;
      assert.equal(visit.name, 'LAB');
      // What inspecting told: the methods, and no property.
      assert.deepEqual(
        visit.methods.filter((name) => !name.startsWith('exposed_get_service_')),
        ['exposed_read', 'exposed_watch'],
      );
      assert.equal(visit.unit, 'celsius');
      assert.equal(visit.eta, 1.5);
      assert.equal(visit.moving, true);
      assert.equal(visit.watched.length, 2);
      assert.deepEqual(visit.entries, ['0.0 s: bench switched on']);
      assert.ok(visit.history.length >= 2);
      // What was pushed to the visitor is what the bench has written down.
      for (const [seconds, celsius] of visit.watched) {
        assert.ok(visit.history.some((row) => row[0] === seconds && row[1] === celsius));
      }
      assert.deepEqual(visit['too far'], ['ValueError', 'The rail goes from 0 to 400 mm']);
      assert.equal(visit['not exposed'][0], 'AttributeError');
      assert.deepEqual(visit['no function'], ['TypeError', 'watch() takes a function']);
    });
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`ends cleanly on ${signal}`, async () => {
      await using demo = startDemo('--json', '--port', '0');
      await portOf(demo);
      process.kill(demo.pid, signal);
      assert.equal(await demo.exited, 0);
      assert.equal(demo.stderr, '');
    });
  }

  it('ends with its standard input, if told so', async () => {
    // The launcher gives it none.
    await using demo = startDemo('--json', '--port', '0', '--end-with-stdin');
    assert.equal(await demo.exited, 0);
  });

  it('says in one sentence why it cannot start', async () => {
    await using demo = startDemo('--json', '--port', '0');
    await using second = startDemo('--port', String(await portOf(demo)));
    assert.equal(await second.exited, 1);
    assert.equal(
      second.stderr,
      'Error: That port is taken: choose another with --port, or 0 for a free one\n',
    );
    await using third = startDemo('--port', 'many');
    assert.equal(await third.exited, 1);
    assert.match(third.stderr, /^Error: --port takes a whole number/);
  });
});
