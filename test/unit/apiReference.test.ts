/** RPyC's API reference, entry by entry: what README tells of it, and the tests behind it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ENTRIES, PARTLY_TESTED, WITHOUT_COUNTERPART } from '../interop/api/entries';
import { apiTable, type EntryTests, listEntryTests, tableOf, withTable } from '../support/apiReference';
import { RPYC_VERSIONS } from '../support/pythonPeer';
import { REPOSITORY } from '../support/tools';

const README = path.join(REPOSITORY, 'server/README.md');

/** What chapter 4.5 has, counted by hand; the names stand in the entries alone. */
const ENTRIES_OF_MODULES = {
  'core.brine': 3,
  'core.vinegar': 3,
  'core.stream': 35,
  'core.channel': 7,
  'core.netref': 7,
  'core.async_': 9,
  'core.protocol': 15,
  'core.service': 16,
  'utils.server': 12,
  'utils.authenticators': 2,
  'utils.registry': 22,
  'utils.factory': 14,
  'utils.classic': 22,
  'utils.helpers': 8,
  'utils.zerodeploy': 6,
};

describe('The API reference', () => {
  let tests: EntryTests;

  before(async function () {
    this.timeout(60_000);
    tests = await listEntryTests();
  });

  it('stands in the README of the library as the entries have it', () => {
    const table = apiTable(tests);
    const text = readFileSync(README, 'utf8');
    if (process.env['UPDATE_API_TABLE'] !== undefined) writeFileSync(README, withTable(text, table));
    else assert.equal(tableOf(text), table, 'UPDATE_API_TABLE=1 npm run test:unit writes it');
  });

  it('has a name here or a reason for each entry, and not both', () => {
    const both = Object.keys(WITHOUT_COUNTERPART).filter((name) => ENTRIES.has(name));
    assert.deepEqual(both, []);
    const strange = Object.keys(PARTLY_TESTED).filter((name) => !ENTRIES.has(name));
    assert.deepEqual(strange, []);
  });

  it('has a test for each entry that has a name here, against every version', () => {
    const untested = [...ENTRIES.keys()].filter((name) => {
      const versions = tests.versions.get(name);
      return !RPYC_VERSIONS.every((version) => versions?.has(version) === true);
    });
    assert.deepEqual(untested, []);
  });

  it('is there as a whole, as many entries of each module as chapter 4.5 has', () => {
    const counts = new Map<string, number>();
    for (const name of [...ENTRIES.keys(), ...Object.keys(WITHOUT_COUNTERPART)]) {
      const module = name.split('.').slice(1, 3).join('.');
      counts.set(module, (counts.get(module) ?? 0) + 1);
    }
    assert.deepEqual(Object.fromEntries(counts), ENTRIES_OF_MODULES);
  });

  it('has an entry for each test', () => {
    const strange = [...tests.files.keys()].filter((name) => !ENTRIES.has(name));
    assert.deepEqual(strange, []);
  });
});
