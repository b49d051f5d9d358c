import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually, eventuallyOk } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS } from '../support/pythonPeer';
import {
  answerUntil,
  closeQuestion,
  command,
  connect,
  expand,
  hasMore,
  hover,
  listConnections,
  loadMore,
  type RowPath,
  row,
  rowsUnder,
  selectLines,
  SELECT_NEXT,
  snapshot,
  state,
  waitForRow,
  waitForStatus,
} from './editor';
import { profileTo } from './profiles';
import { onPeer, startJourneyPeer } from './secondClient';

/** The profiles of the user's settings as they are written there. */
function written(): readonly Readonly<Record<string, unknown>>[] {
  return vscode.workspace.getConfiguration().inspect<never[]>('rpyc.profiles')?.globalValue ?? [];
}

function labelsUnder(path: RowPath): readonly string[] {
  return path.length === 0
    ? snapshot()
        .rows.filter(({ depth }) => depth === 0)
        .map(({ label }) => label)
    : rowsUnder(path).map(({ label }) => label);
}

for (const version of RPYC_VERSIONS) {
  describe(`the list of connections, with servers of rpyc ${version}`, () => {
    const alpha = `Alpha ${version}`;
    const beta = `Beta ${version}`;
    const gamma = `Gamma ${version}`;
    const copy = `${alpha} (2)`;
    let peer: PythonPeer;
    /** The label and the id of the connection that is kept in the private store. */
    let mine: string;
    let mineId: string;

    before(async () => {
      peer = await startJourneyPeer(version);
      await listConnections([alpha, beta, gamma].map((label) => profileTo(peer, label)));
      mine = `${peer.host}:${peer.port}`;
      mineId = `tcp:${mine}`;
    });

    after(async () => {
      for (const { id } of snapshot().profiles) {
        await command('rpyc.disconnect', id);
      }
      if (mineId in snapshot().states) {
        await answerUntil('it is removed', command('rpyc.removeConnection', mineId), () => true);
      }
      await listConnections([]);
      await peer[Symbol.asyncDispose]();
    });

    function order(path: RowPath, wanted: readonly string[]): Promise<void> {
      return eventuallyOk(`the order ${wanted.join(', ')}`, () =>
        assert.deepEqual(labelsUnder(path), wanted),
      );
    }

    it('adds a connection, tried out first, to the store of VS Code', async () => {
      const before = written();
      const adding = command('rpyc.addConnection', mine);
      await answerUntil('it is added', adding, () => snapshot().profiles.some(({ id }) => id === mineId));
      assert.deepEqual(written(), before, 'It stands in no settings file');
      assert.equal(state(mineId).status, 'connected');
      assert.equal(row([mine]).depth, 0);
      assert.match(await hover([mine]), /store/);
      await command('rpyc.disconnect', mineId);
      await waitForStatus(mineId, 'disconnected');
    });

    it('edits a connection where it stands', async () => {
      const serviceOf = (id: string): string | undefined =>
        snapshot().profiles.find((profile) => profile.id === id)?.service;
      const [first] = written();
      for (const id of [alpha, mineId]) {
        assert.equal(serviceOf(id), 'auto');
        // The second of the answers to what is at the other end; the others stay as they are.
        await eventually(
          `${id} is changed`,
          async () => {
            await answerUntil('the dialogue is over', command('rpyc.editConnection', id), () => true, [
              SELECT_NEXT,
            ]);
            return serviceOf(id) === 'classic';
          },
          { timeoutMs: 30_000 },
        );
      }
      assert.deepEqual(written()[0], { ...first, service: 'classic' });
      assert.equal(written().length, 3, 'The private one is in no settings file');
      assert.ok(mineId in snapshot().states);
    });

    it('duplicates a connection', async () => {
      await command('rpyc.duplicateConnection', alpha);
      await order([], [alpha, copy, beta, gamma, mine]);
      assert.deepEqual(
        written().map(({ label }) => label),
        [alpha, copy, beta, gamma],
      );
      const [original, second] = written();
      assert.deepEqual(second?.['transport'], original?.['transport']);
    });

    it('moves connections up and down, wherever they are kept', async () => {
      await command('rpyc.moveUp', mineId);
      await order([], [alpha, copy, beta, mine, gamma]);
      await command('rpyc.moveDown', alpha);
      await order([], [copy, alpha, beta, mine, gamma]);
      await command('rpyc.moveUp', alpha);
      await command('rpyc.moveUp', alpha);
      await order([], [alpha, copy, beta, mine, gamma]);
    });

    it('puts connections into a group, and connects there', async () => {
      await command('rpyc.moveToGroup', beta, 'Bench');
      await command('rpyc.moveToGroup', mineId, 'Bench');
      await order([], [alpha, copy, 'Bench', gamma]);
      await order(['Bench'], [beta, mine]);
      assert.equal(written().find(({ label }) => label === beta)?.['group'], 'Bench');
      await command('rpyc.connect', beta);
      await waitForStatus(beta, 'connected');
      assert.match(row(['Bench']).description, /1 of 2/);
      await expand(['Bench', beta, 'Builtins']);
      await waitForRow(['Bench', beta, 'Builtins', 'abs']);
      await command('rpyc.disconnect', beta);
      await command('rpyc.moveToGroup', mineId, '');
      await order(['Bench'], [beta]);
      await order([], [alpha, copy, 'Bench', mine, gamma]);
    });

    it('shows favourites first, with a star', async () => {
      await command('rpyc.addFavourite', gamma);
      await order([], [gamma, alpha, copy, 'Bench', mine]);
      assert.match(row([gamma]).description, /^★ /);
      await command('rpyc.removeFavourite', gamma);
      await order([], [alpha, copy, 'Bench', mine, gamma]);
      assert.doesNotMatch(row([gamma]).description, /★/);
    });

    it('connects what was used last', async () => {
      await waitForStatus(beta, 'disconnected');
      await answerUntil('it is connected', command('rpyc.openRecent'), () => {
        return state(beta).status === 'connected';
      });
      await command('rpyc.disconnect', beta);
    });

    it('gives a connection a colour', async () => {
      await command('rpyc.setColor', gamma, 'blue');
      await eventuallyOk('the icon is blue', () => assert.equal(row([gamma]).color, 'rpyc.connection.blue'));
      await command('rpyc.setColor', gamma, '');
      await eventuallyOk('it is as before', () => assert.equal(row([gamma]).color, ''));
      assert.ok(written().every((profile) => !('color' in profile)));
    });

    describe('one that is marked as production', () => {
      const gauge = [alpha, 'Modules', 'journey', 'gauge'];

      function ask<T>(expression: string, statements = 'import journey'): Promise<T> {
        return onPeer<T>(version, peer, statements, expression);
      }

      const runs = (): number => (snapshot().outputs[alpha] ?? '').split('→ 43').length - 1;

      before(async () => {
        await ask('0', 'import journey; journey.gauge.setting = 1; journey.gauge.ask = lambda: 7');
        await command('rpyc.markProduction', alpha);
        await connect(alpha);
        await selectLines('journey.py', 8, 9);
      });

      it('says so in its row and its hover', async () => {
        assert.match(row([alpha]).description, /^PRODUCTION · rpyc /);
        assert.equal(row([alpha]).color, 'rpyc.connection.red');
        assert.match(await hover([alpha]), /PRODUCTION/);
        assert.match(snapshot().statusBar.text, /PRODUCTION$/);
        assert.equal(written()[0]?.['production'], true);
      });

      it('runs nothing that is not confirmed, each time', async () => {
        await closeQuestion(command('rpyc.runSelection'));
        assert.equal(runs(), 0);
        await answerUntil('it has run', command('rpyc.runSelection'), () => runs() === 1);
        await closeQuestion(command('rpyc.runSelection'));
        assert.equal(runs(), 1);
      });

      it('changes, deletes and calls nothing that is not confirmed', async () => {
        const modules = [alpha, 'Modules'];
        await expand(modules);
        while (!rowsUnder(modules).some(({ label }) => label === 'journey') && hasMore(modules)) {
          await loadMore(modules);
        }
        await expand([...modules, 'journey']);
        await expand(gauge);
        const setting = await waitForRow([...gauge, 'setting']);
        const asked = await waitForRow([...gauge, 'ask']);
        assert.equal(await ask('journey.gauge.setting'), 1);
        const changing = command('rpyc.editValue', setting.id, '5');
        await answerUntil('it is changed', changing, async () => (await ask('journey.gauge.setting')) === 5);
        // Elsewhere one answer is enough for all changes; here each has a question of its own.
        await closeQuestion(command('rpyc.editValue', setting.id, '6'));
        await closeQuestion(command('rpyc.deleteValue', setting.id));
        await closeQuestion(command('rpyc.undoChange'));
        await closeQuestion(command('rpyc.callObject', asked.id, ''));
        assert.equal(await ask('journey.gauge.setting'), 5);
        assert.ok(!labelsUnder([alpha]).includes('Results'));
        await answerUntil('it is called', command('rpyc.callObject', asked.id, ''), () =>
          labelsUnder([alpha]).includes('Results'),
        );
      });

      it('asks no more in this window where the user says so', async () => {
        const before = runs();
        await eventually(
          'it runs without a question',
          async () => {
            // The second answer is not to be asked again; it is given again where the first one was taken.
            await answerUntil('it has run', command('rpyc.runSelection'), () => true, [SELECT_NEXT]);
            const count = runs();
            const again = command('rpyc.runSelection');
            try {
              return await eventually('it runs by itself', () => runs() === count + 1, { timeoutMs: 3000 });
            } finally {
              await closeQuestion(again);
            }
          },
          { timeoutMs: 40_000 },
        );
        assert.ok(runs() >= before + 2);
      });

      it('is as any other once the mark is taken away', async () => {
        await command('rpyc.unmarkProduction', alpha);
        await eventuallyOk('the word is gone', () => assert.match(row([alpha]).description, /^rpyc /));
        assert.doesNotMatch(snapshot().statusBar.text, /PRODUCTION/);
        assert.ok(!('production' in (written()[0] ?? {})));
      });
    });

    it('removes a connection from the store', async () => {
      // No caller can answer for the user.
      await closeQuestion(command('rpyc.removeConnection', mineId, 'confirmed'));
      await order([], [alpha, copy, 'Bench', mine, gamma]);
      const removing = command('rpyc.removeConnection', mineId);
      await answerUntil('it is removed', removing, () => !(mineId in snapshot().states));
      await order([], [alpha, copy, 'Bench', gamma]);
    });
  });
}
