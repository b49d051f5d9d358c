import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';

import { Explorer } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { type PythonPeer, RPYC_VERSIONS, runPython, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';
import { type Sshd, startSshd } from '../../support/sshd';

const EXPANSIONS = 10_000;
const RUNS = 100;
/** Cycles that are under way at once, as in a tree whose rows open together. */
const TOGETHER = 20;
/** Half a round trip. */
const EACH_WAY_MS = 25;

/** What a server holds for its other connections: objects of each, and whether its output is its own. */
const HELD = `
import gc, sys
(sorted(len(c._local_objects._dict) for c in gc.get_objects()
        if type(c).__name__ == 'Connection' and type(c).__module__ == 'rpyc.core.protocol' and not c.closed),
 sys.stdout is sys.__stdout__ and sys.stderr is sys.__stderr__)
`;

/** Objects that the helper keeps by number. */
const KEPT_BY_HELPER = `
import gc
sum(len(o.table) for o in gc.get_objects() if type(o).__name__ == 'Kept' and type(o).__module__ == 'rpyc_explorer')
`;

/** Asks in a client of its own, so that what is counted for us is ours alone. */
async function held(server: PythonPeer, version: (typeof RPYC_VERSIONS)[number]): Promise<string> {
  const client = [
    'import rpyc, sys',
    'conn = rpyc.classic.connect("127.0.0.1", int(sys.argv[1]))',
    'names = sys.argv[2].strip().split("\\n", 1)',
    'conn.execute(names[0])',
    'conn.execute("found = " + names[1])',
    'print(conn.eval("str(found)"))',
  ].join('\n');
  const { stdout, stderr, code } = await runPython(version, client, [String(server.port), HELD]);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

for (const version of RPYC_VERSIONS) {
  const dialect = version === '5.3.0' ? 'C' : 'D';

  describe(`what is left on a server of rpyc ${version}`, function () {
    this.timeout(180_000);

    it('job 16: leave no trace', async () => {
      await using server = await startClassic(version);
      // A wrong guess of the dialect would stand in the log.
      const explorer = await Explorer.connect(server, { profile: { dialect } });
      try {
        await explorer.run('items = [[1], [2], [3]]');
        const items = await explorer.find('Namespace', 'items');
        // What stays open all along is held all along.
        await explorer.page(items);
        const before = await held(server, version);
        const kept = explorer.tree.heldCount('p');
        assert.match(before, /^\(\[\d+, \d+, \d+\], True\)$/);
        for (let done = 0; done < EXPANSIONS;) {
          const pages = await Promise.all(Array.from({ length: TOGETHER }, () => explorer.page(items)));
          const rows = pages.flatMap(({ nodes }) => nodes);
          await Promise.all(rows.map((row) => explorer.page(row)));
          done += pages.length + rows.length;
          explorer.tree.release(rows.map(({ handle }) => handle));
        }
        for (let run = 0; run < RUNS; run += 1) {
          await explorer.run(`print(${run})\nitems`);
        }
        assert.equal(await held(server, version), before);
        assert.equal(explorer.tree.heldCount('p'), kept);
        assert.equal(await explorer.value(KEPT_BY_HELPER), String(kept));
      } finally {
        await explorer[Symbol.asyncDispose]();
      }
      await eventually('only the connection that asks is left', async () =>
        /^\(\[\d+\], True\)$/.test(await held(server, version)),
      );
      assert.doesNotMatch(server.log(), /abruptly|Traceback/);
    });
  });

  describe(`a far server of rpyc ${version}`, function () {
    this.timeout(60_000);
    let sshd: Sshd;

    before(async () => {
      sshd = await startSshd();
    });

    after(async () => {
      await sshd[Symbol.asyncDispose]();
    });

    it('job 2: see the remote world', async () => {
      await using server = await startClassic(version, { mode: 'forking' });
      await using link = await Relay.start(sshd, { delayMs: EACH_WAY_MS });
      await using counted = await Relay.start(server);
      const known = readFileSync(sshd.knownHostsFile, 'utf8');
      appendFileSync(sshd.knownHostsFile, known.replace(`:${sshd.port} `, `:${link.port} `));
      await using explorer = await Explorer.connect(server, {
        profile: {
          dialect,
          transport: {
            kind: 'ssh',
            ...sshd.machine,
            port: link.port,
            remoteHost: counted.host,
            remotePort: counted.port,
          },
        },
      });
      assert.equal(explorer.states.at(-1)?.peer?.serverKind, 'forking');
      await explorer.run('import json, unittest.mock, xml.dom.minidom, concurrent.futures');
      await counted.reset();
      const page = await explorer.page(explorer.root('Modules'), 0, 500);
      const modules = page.nodes.filter(({ value }) => value.startsWith('<module '));
      assert.ok(modules.length >= 150, `${modules.length} modules`);
      assert.equal((await counted.counts()).roundTrips, 1);
      assert.doesNotMatch(server.log(), /Traceback|abruptly/);
    });
  });
}
