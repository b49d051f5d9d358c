import assert from 'node:assert/strict';

import type { Handle, HeldValue } from '../../../server/src/api/model';
import type { ShownObject } from '../../../server/src/api/showing';
import { ShownObjects } from '../../../server/src/features/pictures/shownObjects';
import type { ShownObjectsOptions } from '../../../server/src/features/pictures/shownObjects';
import { silentLogger } from '../../../server/src/rpyc/index';
import { Explorer, named } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

const CLASSES = `
import time
class Png(object):
    def __init__(self, make):
        self.make = make
    def _repr_png_(self):
        return self.make()
class Html(Png):
    _repr_png_ = None
    def _repr_html_(self):
        return self.make()
def bomb():
    import struct, zlib
    def chunk(name, data):
        return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data) & 0xffffffff)
    return (b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 60000, 60000, 8, 2, 0, 0, 0))
            + chunk(b'IDAT', b'') + chunk(b'IEND', b''))
`;

function shower(explorer: Explorer, limits?: ShownObjectsOptions['limits']): ShownObjects {
  const { tree, runs } = explorer;
  const label = (): string => 'Lab';
  return new ShownObjects({
    ...{ tree, runs, label, logger: silentLogger },
    ...(limits === undefined ? {} : { limits }),
  });
}

async function heldBy(explorer: Explorer, source: string): Promise<HeldValue> {
  const { status, held, error } = await explorer.runAndHold(source);
  assert.equal(status, 'done', error?.traceback);
  return held ?? {};
}

function handleOf({ shown }: HeldValue): Handle {
  assert.ok(shown, 'it cannot be shown');
  return shown.handle;
}

async function shownOf(explorer: Explorer, source: string, position = 0): Promise<ShownObject> {
  return shower(explorer).show({ handle: handleOf(await heldBy(explorer, source)), position });
}

function sizeOf(shown: ShownObject): readonly number[] {
  assert.equal(shown.as, 'picture');
  const data = Buffer.from(shown.data, 'base64');
  assert.equal(data.toString('latin1', 1, 4), 'PNG');
  return [data.readUInt32BE(16), data.readUInt32BE(20)];
}

for (const version of RPYC_VERSIONS) {
  describe(`pictures and tables of values, rpyc ${version}`, function () {
    this.timeout(90_000);

    it('tells of a run what its value can be shown as, and runs nothing for that', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run(CLASSES);
      const kindOf = async (source: string): Promise<string | undefined> =>
        (await heldBy(explorer, source)).shown?.as;
      assert.equal(await kindOf('Png(1 / 0 if False else None)'), 'picture');
      assert.equal(await kindOf('import numpy\nnumpy.arange(3)'), 'table');
      assert.equal(await kindOf('[1, 2]'), undefined);
      assert.deepEqual(await heldBy(explorer, '42'), {});
      assert.deepEqual(await heldBy(explorer, 'x = 1'), {});
    });

    it('draws a figure of matplotlib and what stands in one', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      const figure = 'from matplotlib.figure import Figure\nf = Figure(figsize=(4, 3))\n';
      assert.deepEqual(sizeOf(await shownOf(explorer, `${figure}f`)), [576, 432]);
      assert.deepEqual(sizeOf(await shownOf(explorer, 'f.gca().plot([1, 2, 3])')), [576, 432]);
    });

    it('shows an image, large ones in pieces between which the connection answers', async () => {
      await using server = await startClassic(version);
      await using relay = await Relay.start(server);
      await using explorer = await Explorer.connect(relay);
      const held = await heldBy(
        explorer,
        "from PIL import Image\nimport os\nImage.frombytes('RGB', (900, 600), os.urandom(1620000))",
      );
      await relay.reset();
      const shown = await shower(explorer).show({ handle: handleOf(held), position: 0 });
      assert.deepEqual(sizeOf(shown), [900, 600]);
      const { roundTrips } = await relay.counts();
      assert.ok(roundTrips >= 5, `${roundTrips} round trips`);
    });

    it('pages a table from the object itself, and lets go of what was held', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      const held = await heldBy(
        explorer,
        'import pandas\nframe = pandas.DataFrame({"n": range(1200)})\nframe',
      );
      const first = await shower(explorer).show({ handle: handleOf(held), position: 0 });
      await explorer.run('frame.loc[1000, "n"] = -7');
      const last = await shower(explorer).show({ handle: handleOf(held), position: 1000 });
      assert.ok(first.as === 'table' && last.as === 'table');
      assert.deepEqual([first.table.rows.length, first.table.total], [500, 1200]);
      assert.deepEqual(last.table.rows[0], ['1000', '-7']);
      assert.deepEqual(first.table.columns, [{ name: 'n', typeName: 'int64', numeric: true }]);
      const count =
        'import gc, pandas\ndel frame\ngc.collect()\nsum(type(o) is pandas.DataFrame for o in gc.get_objects())';
      assert.equal(await explorer.value(count.replace('del frame\n', '')), '1');
      explorer.tree.release([handleOf(held)]);
      await explorer.page(explorer.root('Namespace'));
      assert.equal(await explorer.value(count), '0');
    });

    it('shows a row of the tree that is a table, and asks no class of the user there', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run(`${CLASSES}\nimport numpy\narray = numpy.eye(2)\npage = Html(lambda: '<b>')`);
      const { nodes } = await explorer.page(explorer.root('Namespace'));
      assert.deepEqual([named(nodes, 'array').showable, named(nodes, 'page').showable], [true, undefined]);
      const shown = await shower(explorer).show({ handle: named(nodes, 'array').handle, position: 0 });
      assert.ok(shown.as === 'table');
      assert.deepEqual(shown.table.rows, [
        ['1.0', '0.0'],
        ['0.0', '1.0'],
      ]);
      await assert.rejects(
        shower(explorer).show({ handle: named(nodes, 'page').handle, position: 0 }),
        /gives nothing that could be shown/,
      );
    });

    it('puts the value of a run under Results', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      const { value } = await heldBy(explorer, '{"rate": 48000}');
      assert.ok(value);
      const row = await shower(explorer).keep({ handle: value, what: 'snippet.py:1' });
      assert.deepEqual([row.name, row.kind], ['#1 snippet.py:1', 'dict']);
      assert.deepEqual(
        (await explorer.page(row)).nodes.map(({ name }) => name),
        ["'rate'"],
      );
    });

    it('stops a value that takes too long, and the connection goes on', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run(CLASSES);
      const limits = { showMs: 500, stopMs: 20_000 };
      const hangs = await heldBy(explorer, 'Png(lambda: [time.sleep(0.01) for _ in iter(int, 1)])');
      await assert.rejects(
        shower(explorer, limits).show({ handle: handleOf(hangs), position: 0 }),
        /took longer than \d+ s to make its picture and was stopped/,
      );
      assert.equal(await explorer.value('1 + 1'), '2');
    });

    it('stops it when nobody waits any more', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run(CLASSES);
      const hangs = await heldBy(
        explorer,
        'began = []\nPng(lambda: [began.append(1) or time.sleep(0.01) for _ in iter(int, 1)])',
      );
      const controller = new AbortController();
      const showing = shower(explorer).show({ handle: handleOf(hangs), position: 0 }, controller.signal);
      const { nodes } = await explorer.page(explorer.root('Namespace'));
      const began = named(nodes, 'began');
      await eventually('it began', async () => (await explorer.page(began)).nodes.length > 0);
      controller.abort(new Error('closed'));
      await assert.rejects(showing, /closed/);
      assert.equal(await explorer.value('1 + 1'), '2');
    });

    it('says in words what it does not show', async () => {
      await using server = await startClassic(version);
      await using explorer = await Explorer.connect(server);
      await explorer.run(CLASSES);
      await assert.rejects(
        shownOf(explorer, 'Png(lambda: 42)'),
        /_repr_png_ gave int, which is no such thing\./,
      );
      await assert.rejects(shownOf(explorer, 'Png(bomb)'), /60000 × 60000 pixels, which is too much to show/);
      await assert.rejects(
        shownOf(explorer, "Html(lambda: 'x' * 3000000)"),
        /is too long: more than 1024 kB/,
      );
      const failed = await shownOf(explorer, 'Png(lambda: 1 / 0)');
      assert.ok(failed.as === 'error');
      assert.match(failed.error.typeName, /ZeroDivisionError/);
    });
  });
}
