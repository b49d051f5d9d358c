import assert from 'node:assert/strict';

import { eventually, eventuallyOk } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS } from '../support/pythonPeer';
import {
  command,
  connect,
  expand,
  hasMore,
  hover,
  listConnections,
  loadMore,
  row,
  rowsUnder,
  waitForOutput,
  waitForRow,
} from './editor';
import { profileTo } from './profiles';
import { onPeer, startJourneyPeer } from './secondClient';

const ACCEPT = 'workbench.action.acceptSelectedQuickOpenItem';

for (const version of RPYC_VERSIONS) {
  describe(`job 17: change something on rpyc_classic ${version} from the tree`, () => {
    const bench = `Bench ${version}`;
    const module = [bench, 'Modules', 'journey'];
    const gauge = [...module, 'gauge'];
    let peer: PythonPeer;

    function ask<T>(expression: string, statements = 'import journey'): Promise<T> {
      return onPeer<T>(version, peer, statements, expression);
    }

    /** Runs a command that asks something, and presses Enter until it has its effect. */
    async function enterUntil(
      what: string,
      running: Thenable<unknown>,
      done: () => Promise<boolean>,
    ): Promise<void> {
      await eventually(
        what,
        async () => {
          await command(ACCEPT);
          return (await done()) || undefined;
        },
        { timeoutMs: 20_000 },
      );
      await running;
    }

    before(async () => {
      peer = await startJourneyPeer(version);
      await listConnections([profileTo(peer, bench)]);
      await ask(
        '0',
        'import journey; journey.gauge.setting = 1; journey.gauge.shift = lambda by=2, *more: [by, more]; journey.gauge.pulses = iter(range(37)); journey.gauge._spare = 0',
      );
      await connect(bench);
    });

    after(async () => {
      await command('rpyc.disconnect', bench);
      await listConnections([]);
      await peer[Symbol.asyncDispose]();
    });

    it('job 17: edits a value, which a second client sees, and undoes it', async () => {
      const modules = [bench, 'Modules'];
      await expand(modules);
      while (!rowsUnder(modules).some(({ label }) => label === 'journey') && hasMore(modules)) {
        await loadMore(modules);
      }
      await waitForRow(module);
      await expand(module);
      // Its address says nothing in a row; it is in the hover.
      assert.equal(row(gauge).description, 'journey.Gauge');
      assert.match(await hover(gauge), /<journey\.Gauge (?:object )?at 0x[\da-f]+>/i);
      await expand(gauge);
      await expand([...gauge, 'Private']);
      assert.equal((await waitForRow([...gauge, 'Private', '_spare'])).dimmed, true);
      const setting = await waitForRow([...gauge, 'setting']);
      assert.equal(setting.dimmed, false);
      assert.match(setting.description, /^1/);
      const editing = command('rpyc.editValue', setting.id, '1 + 40');
      await enterUntil(
        'the value is changed',
        editing,
        async () => (await ask('journey.gauge.setting')) === 41,
      );
      await eventuallyOk('the row shows it', () => {
        assert.match(row([...gauge, 'setting']).description, /^41/);
      });
      await command('rpyc.undoChange');
      assert.equal(await ask('journey.gauge.setting'), 1);
      await eventuallyOk('the row shows it', () => {
        assert.match(row([...gauge, 'setting']).description, /^1\b/);
      });
    });

    it('job 17: asks once for each connection, and deletes', async () => {
      await command('rpyc.deleteValue', row([...gauge, 'setting']).id);
      assert.equal(await ask("hasattr(journey.gauge, 'setting')"), false);
      await eventuallyOk('the row is gone', () => {
        assert.ok(!rowsUnder(gauge).some(({ label }) => label === 'setting'));
      });
      await command('rpyc.undoChange');
      assert.equal(await ask('journey.gauge.setting'), 1);
      await waitForRow([...gauge, 'setting']);
    });

    it('job 17: calls a function, argument by argument, and shows the result', async () => {
      const shift = row([...gauge, 'shift']);
      const calling = command('rpyc.callObject', shift.id);
      const results = [bench, 'Results'];
      await enterUntil('it was called', calling, () => {
        assert.deepEqual(
          rowsUnder(results).map(({ label }) => label),
          ['#1 shift(2)'],
        );
        return Promise.resolve(true);
      });
      const [result] = rowsUnder(results);
      assert.match(result?.description ?? '', /^\(2\) \[2, \(\)\] {2}· {2}list$/);
      await command('rpyc.showOutput', bench);
      await waitForOutput(/▶ shift\(2\)[^]*→ \[2, \(\)\]/);
    });

    it('job 17: takes what is left of an iterator, after asking, and shows it', async () => {
      const taking = command('rpyc.takeNext', row([...gauge, 'pulses']).id);
      const results = [bench, 'Results'];
      await enterUntil('it was taken', taking, () =>
        Promise.resolve(rowsUnder(results)[0]?.label === '#2 37 × next(pulses), exhausted'),
      );
      assert.match(rowsUnder(results)[0]?.description ?? '', /\[0, 1, 2,/);
      assert.deepEqual(await ask('list(journey.gauge.pulses)'), []);
    });
  });
}
