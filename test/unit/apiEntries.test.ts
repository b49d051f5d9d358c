/** The list of RPyC's API reference and the tests behind it. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';

import * as door from '../../server/src/rpyc/index';
import { ENTRIES, PARTLY_TESTED, WITHOUT_COUNTERPART } from '../interop/api/entries';

const FOLDER = path.resolve(__dirname, '../interop/api');
const VERSIONS = ['5.3.0', '6.0.2'];

/** The titles of the tests that a file declares, without running any. */
function declared(file: string): string[] {
  const titles: string[] = [];
  const ignored = (): void => undefined;
  const recording = {
    describe: (_title: string, suite: () => void) => suite(),
    it: (title: string) => titles.push(title),
    before: ignored,
    beforeEach: ignored,
    after: ignored,
    afterEach: ignored,
  };
  const names = Object.keys(recording);
  const own = Object.fromEntries(names.map((name) => [name, Reflect.get(globalThis, name) as unknown]));
  Object.assign(globalThis, recording);
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- it has to be loaded here and now
    require(file);
  } finally {
    Object.assign(globalThis, own);
    // Where all tests run together, Mocha loads it itself.
    Reflect.deleteProperty(require.cache, file);
  }
  return titles;
}

/** In chapter 4.5 of the documentation of 4.0.2: its index, and the exceptions, which are not in it. */
const ENTRIES_OF_REFERENCE = 181;

describe("The list of RPyC's API reference", () => {
  it('has one test against each version for each entry, and none besides', () => {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.test.js'));
    const titles = files.flatMap((name) => declared(path.join(FOLDER, name)));
    const expected = [...ENTRIES.keys()].flatMap((name) => VERSIONS.map(() => name));
    assert.deepEqual(titles.sort(), expected.sort());
  });

  it('names what the library has', () => {
    for (const [python, name] of ENTRIES) {
      const [first = '', ...rest] = name.split('.');
      let holder = Reflect.get(door, first) as unknown;
      // Members of classes are looked for by the tests: some are fields of each object.
      if (first === 'classic' || first === 'brine' || first === 'vinegar') {
        holder = Reflect.get(holder as object, rest[0] ?? '');
      }
      assert.ok(holder !== undefined, `${python} is called ${name}`);
    }
  });

  it('is whole, and says of no entry both that it is there and that it is not', () => {
    assert.equal(ENTRIES.size + Object.keys(WITHOUT_COUNTERPART).length, ENTRIES_OF_REFERENCE);
    for (const python of Object.keys(WITHOUT_COUNTERPART)) assert.ok(!ENTRIES.has(python), python);
    for (const python of Object.keys(PARTLY_TESTED)) assert.ok(ENTRIES.has(python), python);
  });
});
