/** RPyC's API reference, entry by entry: what README tells of it, and the tests behind it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ENTRIES, PARTLY_TESTED, WITHOUT_COUNTERPART } from '../interop/api/entries';
import { apiTable, type EntryTests, listEntryTests, tableOf, withTable } from '../support/apiReference';
import { REPOSITORY } from '../support/tools';

const README = path.join(REPOSITORY, 'server/README.md');

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

  it('has an entry for each test', () => {
    const strange = [...tests.files.keys()].filter((name) => !ENTRIES.has(name));
    assert.deepEqual(strange, []);
  });
});
