import assert from 'node:assert/strict';

import { eventually, eventuallyOk } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS } from '../support/pythonPeer';
import {
  clearOutput,
  click,
  clipboardAfter,
  collapse,
  command,
  connect,
  expand,
  hasMore,
  listConnections,
  loadMore,
  row,
  rowsUnder,
  select,
  selectLines,
  shownOutput,
  snapshot,
  state,
  waitForOutput,
  waitForRow,
  waitForStatus,
  ROOTS,
} from './editor';
import { profileTo } from './profiles';
import { onPeer, startJourneyPeer } from './secondClient';

const PAGE = 100;
/** What decisions and users agree on: after a crash all is as it was within this time. */
const RECOVERY_MS = 5000;

for (const version of RPYC_VERSIONS) {
  describe(`a journey to rpyc_classic ${version}`, () => {
    const lab = `Lab ${version}`;
    const modules = [lab, 'Modules'];
    const journey = [...modules, 'journey'];
    const numbers = [...journey, 'numbers'];
    let peer: PythonPeer;
    let failed = false;

    function ask<T>(expression: string, statements = 'import journey'): Promise<T> {
      return onPeer<T>(version, peer, statements, expression);
    }

    /** Loads pages until a row is there. */
    async function loadUntil(parent: readonly string[], label: string): Promise<void> {
      while (!rowsUnder(parent).some((each) => each.label === label) && hasMore(parent)) {
        await loadMore(parent);
      }
      await waitForRow([...parent, label]);
    }

    before(async () => {
      peer = await startJourneyPeer(version);
      await listConnections([profileTo(peer, lab)]);
      // The crashes of an earlier journey do not count.
      await command('rpyc.restart');
    });

    after(async () => {
      await command('rpyc.disconnect', lab);
      await listConnections([]);
      await peer[Symbol.asyncDispose]();
    });

    // Each step goes on where the one before it has led.
    beforeEach(() => assert.ok(!failed, 'An earlier step of the journey failed'));

    afterEach(function () {
      failed ||= this.currentTest?.state === 'failed';
    });

    it('connects, and tells what is at the other end', async () => {
      const { peer: told, openConnections } = await connect(lab);
      const [pythonVersion, pid] = await ask<[string, number]>(
        "['.'.join(map(str, sys.version_info[:3])), __import__('os').getpid()]",
      );
      assert.equal(told?.rpycVersion, version);
      assert.equal(told.pythonVersion, pythonVersion);
      assert.equal(told.pid, pid);
      assert.equal(told.serverKind, 'threaded');
      assert.equal(told.service, 'classic');
      assert.equal(openConnections, 1);
      assert.match(row([lab]).description, new RegExp(`rpyc ${version} · Python 3\\.\\d+ · threaded`));
    });

    it('expands sys, as Python lists it, with private and special names behind rows of their own', async () => {
      await expand(modules);
      await loadUntil(modules, 'sys');
      const sys = [...modules, 'sys'];
      await expand(sys);
      while (hasMore(sys)) {
        await loadMore(sys);
      }
      const groups = (): readonly string[] =>
        rowsUnder(sys).flatMap(({ kind, label }) => (kind === 'group' ? [label] : []));
      assert.deepEqual(groups(), ['Private']);
      await expand([...sys, 'Private']);
      await command('rpyc.showSpecial');
      await expand([...sys, 'Special']);
      const rows = [
        ...rowsUnder(sys).filter(({ kind }) => kind !== 'group'),
        ...groups().flatMap((label) => rowsUnder([...sys, label])),
      ];
      for (const label of groups()) {
        assert.equal(row([...sys, label]).description, `(${rowsUnder([...sys, label]).length})`);
      }
      const expected = await ask<string[]>('dir(sys)');
      assert.deepEqual(rows.map(({ label }) => label).sort(), expected.sort());
      await command('rpyc.hidePrivate');
      await eventuallyOk('private names are gone, and what was open is open', () => {
        assert.deepEqual(groups(), ['Special']);
        assert.ok(rowsUnder([...sys, 'Special']).length > 5);
      });
      await command('rpyc.showPrivate');
      await eventuallyOk('they are back, and open', () => {
        assert.ok(rowsUnder([...sys, 'Private']).length > 5);
      });
      const simple = await ask<Record<string, [string, string]>>(
        '{k: [repr(v), type(v).__name__] for k, v in vars(sys).items() if type(v) in (bool, int) or type(v) is str and len(v) < 80}',
      );
      assert.ok(Object.keys(simple).length > 10);
      for (const [name, [text, type]] of Object.entries(simple)) {
        const found = rows.find(({ label }) => label === name)?.description ?? '';
        assert.ok(found.includes(text) && found.includes(type), `${name}: ${found}, not ${text}`);
      }
      assert.equal(row([...sys, 'exit']).kind, 'function');
      assert.equal(row([...sys, 'flags']).kind, 'tuple');
      await command('rpyc.hideSpecial');
      await collapse(sys);
    });

    it('evaluates no property until it is asked to', async () => {
      await loadUntil(modules, 'journey');
      await expand(journey);
      const gauge = [...journey, 'gauge'];
      await expand(gauge);
      const level = [...gauge, 'level'];
      assert.equal(row(level).kind, 'property');
      assert.doesNotMatch(row(level).description, /2\.5/);
      assert.equal(await ask<number>('journey.gauge.reads'), 0);
      await select(level, () => row(level).description.includes('2.5'));
      assert.equal(await ask<number>('journey.gauge.reads'), 1);
      await collapse(gauge);
    });

    it('pages through a list of 100,000 items', async () => {
      const length = await ask<number>('len(journey.numbers)');
      assert.equal(length, 100_000);
      await expand(numbers);
      assert.match(row(numbers).description, /100.000/);
      for (const shown of [PAGE, 2 * PAGE, 3 * PAGE]) {
        await eventuallyOk(`${shown} items are shown`, () => {
          assert.equal(rowsUnder(numbers).length, shown + 1);
        });
        assert.match(row([...numbers, 'Load more…']).description, new RegExp(`^${shown} of 100.000$`));
        if (shown < 3 * PAGE) {
          await loadMore(numbers);
        }
      }
      const expected = await ask<number[]>(`journey.numbers[:${3 * PAGE}]`);
      assert.deepEqual(
        rowsUnder(numbers)
          .slice(0, -1)
          .map(({ label, description }) => [label, description]),
        expected.map((value, index) => [`[${index}]`, `${value}  ·  int`]),
      );
    });

    it('copies the value and the expression of a row', async () => {
      const settings = [...journey, 'settings'];
      await expand(settings);
      await click([...settings, "'nested'"]);
      await eventually('the value is copied', async () => {
        return (await clipboardAfter('rpyc.copyValue')) === "{'deep': [1.5, None]}";
      });
      const expression = await clipboardAfter('rpyc.copyExpression');
      assert.deepEqual(await ask<unknown>(expression), { deep: [1.5, null] });
      await collapse(settings);
    });

    it('keeps the namespace from run to run, and shows it', async () => {
      await expand([lab, 'Namespace']);
      await selectLines('journey.py', 8, 8);
      await command('rpyc.runSelection');
      await selectLines('journey.py', 9, 9);
      await command('rpyc.runSelection');
      await waitForOutput(/→ 43$/m);
      const answer = await waitForRow([lab, 'Namespace', 'answer']);
      assert.equal(answer.description, '42  ·  int');
      await command('rpyc.refresh');
      await waitForRow([lab, 'Namespace', 'answer']);
    });

    it('shows line 1 of a run before the peer has printed line 2', async () => {
      await selectLines('journey.py', 1, 6);
      const run = command('rpyc.runSelection');
      await waitForOutput(/line 1 at [\d.]+/);
      const seenAt = Date.now() / 1000;
      await run;
      const [, printedAt] = await waitForOutput(/line 2 at ([\d.]+)/);
      assert.ok(seenAt < Number(printedAt), `Seen at ${seenAt}, and line 2 was printed at ${printedAt}`);
      const [, seconds] = await waitForOutput(/line 3 at [\d.]+\s+→ 'printed 3 lines'\s+✓ ([\d.]+) s/);
      assert.ok(Number(seconds) >= 3, `It took ${seconds} s`);
    });

    it('tells a remote exception with the place in the file', async () => {
      await selectLines('journey.py', 11, 12);
      await command('rpyc.runSelection');
      const document = await selectLines('journey.py', 14, 14);
      await command('rpyc.runSelection');
      await waitForOutput(/✗ (builtins\.)?ZeroDivisionError/);
      assert.ok(shownOutput().includes(`File "${document.fileName}", line 12, in divide`), shownOutput());
      assert.doesNotMatch(shownOutput(), /rpyc-explorer>/);
    });

    it('says when the server is killed, and shows it anew when it is back', async () => {
      await expand(numbers);
      const before = rowsUnder(numbers).length;
      const { port } = peer;
      peer.kill();
      await peer.exited;
      await waitForStatus(lab, 'reconnecting');
      assert.match(row([lab]).description, /lost, next try in \d+ s|reconnecting…/);
      const [problem] = rowsUnder([lab]);
      // The sentence of the loss, until an attempt to get it back has one of its own.
      assert.match(problem?.label ?? '', /^The connection to “.*” was lost|^Nothing listens on/);
      assert.equal(rowsUnder(numbers).length, before, 'What was there is still to be seen');

      peer = await startJourneyPeer(version, { port, ticks: 7 });
      await waitForStatus(lab, 'connected', 35_000);
      await eventuallyOk('the rows are fresh', () => {
        assert.equal(row([...journey, 'ticks']).description, '7  ·  int');
        assert.equal(rowsUnder(numbers).length, before);
        assert.match(rowsUnder([lab, 'Namespace'])[0]?.label ?? '', /^Empty: /);
      });
      const [note, ...roots] = rowsUnder([lab]);
      assert.match(note?.label ?? '', /^The server was started anew: /, 'The problem is over');
      assert.deepEqual(
        roots.map(({ label }) => label),
        ROOTS,
      );
    });

    it('is as it was within 5 s when the background process is killed', async () => {
      await eventuallyOk('the rows are there', () => assert.ok(rowsUnder(numbers).length > 2 * PAGE));
      const before = snapshot();
      const expanded = before.rows.filter((each) => each.expanded).map(({ id }) => id);
      assert.ok(before.backendPid !== undefined && expanded.length >= 4);
      await ask('0', 'import journey\njourney.ticks = 8\njourney.numbers[150] = -1');

      const killedAt = performance.now();
      process.kill(before.backendPid, 'SIGKILL');
      await eventuallyOk(
        'the same rows are expanded, with fresh values',
        () => {
          const after = snapshot();
          assert.notEqual(after.backendPid, before.backendPid);
          assert.equal(state(lab).status, 'connected');
          assert.equal(row([...journey, 'ticks']).description, '8  ·  int');
          assert.equal(row([...numbers, '[150]']).description, '-1  ·  int');
          assert.deepEqual(
            after.rows.filter(({ kind }) => kind !== 'note').map(({ id }) => id),
            before.rows.filter(({ kind }) => kind !== 'note').map(({ id }) => id),
          );
          assert.deepEqual(
            after.rows.filter((each) => each.expanded).map(({ id }) => id),
            expanded,
          );
        },
        { timeoutMs: RECOVERY_MS - (performance.now() - killedAt) },
      );
      assert.equal(snapshot().backendStatus, 'running');
    });

    it('says that a run was lost with the background process, and does not repeat it', async () => {
      await clearOutput();
      await selectLines('journey.py', 16, 16);
      const run = command('rpyc.runSelection');
      await waitForOutput(/^run began$/m);
      const { backendPid } = snapshot();
      assert.ok(backendPid !== undefined);
      process.kill(backendPid, 'SIGKILL');
      await waitForOutput(/✗ The run was lost with the background process/);
      await waitForStatus(lab, 'connected');
      assert.equal(shownOutput().match(/^run began$/gm)?.length, 1);
      await command('notifications.clearAll');
      await run;
    });

    it('disconnects, and the server has no client left', async () => {
      await command('rpyc.disconnect', lab);
      await waitForStatus(lab, 'disconnected');
      assert.equal(state(lab).openConnections, 0);
      assert.deepEqual(rowsUnder([lab]), []);
    });
  });
}
