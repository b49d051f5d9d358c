/** Whoever hovers over a name of the library learns what it is. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { undocumentedNames } from '../support/undocumented';

const EXAMPLE = `
export const bare = 1;
/** Told. */
export const told = 2;
/** Told. */
export class Told {
  bare(): void {}
  /** Told. */
  told(): void {}
  private hidden(): void {}
}
`;

describe('The docstrings of the library', function () {
  this.timeout(60_000);

  it('tell what each export and each public member of its classes is', () => {
    assert.deepEqual(undocumentedNames(), []);
  });

  it('would be missed', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'rpyc-docstrings-'));
    try {
      const file = path.join(folder, 'example.ts');
      writeFileSync(file, EXAMPLE);
      assert.deepEqual(undocumentedNames(file), ['bare', 'Told.bare']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
