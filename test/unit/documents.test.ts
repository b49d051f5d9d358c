/** What the documents name must be there: files, scripts, settings, commands, and the tests behind the invariants. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { readTestSources } from '../support/testSources';

const REPOSITORY = path.resolve(__dirname, '../../..');
const DOCUMENTS = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'server/README.md',
  'client/CHECKLIST.md',
];

/** Of npm's own. */
const NPM_COMMANDS: ReadonlySet<string> = new Set(['ci', 'install']);

function read(file: string): string {
  return readFileSync(path.join(REPOSITORY, file), 'utf8');
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

/** Links are those of a document in `folder`. */
function missingFiles(text: string, folder = ''): string[] {
  const named = matches(text, /`((?:server|client|test|media)\/[\w./-]+)`/g);
  const linked = matches(text, /\]\((?!https?:)([^)#]+)/g).map((link) => path.join(folder, link));
  return [...named, ...linked].filter((file) => !existsSync(path.join(REPOSITORY, file)));
}

function missingScripts(text: string, scripts: ReadonlySet<string>): string[] {
  return matches(text, /`npm (?:run )?([\w:]+)[^`]*`/g).filter(
    (name) => !NPM_COMMANDS.has(name) && !scripts.has(name),
  );
}

/** Titles in the last column of the table of invariants. */
function invariantTests(text: string): string[] {
  const section = /## Invariants\n([^]*?)\n## /.exec(text)?.[1] ?? '';
  return matches(section, /\| "([^"|]+)" +\|$/gm);
}

describe('The documents', () => {
  const manifest = JSON.parse(read('package.json')) as {
    scripts: Record<string, string>;
    contributes: { configuration: { properties: Record<string, unknown> } };
  };
  const scripts = new Set(Object.keys(manifest.scripts));

  for (const name of DOCUMENTS) {
    it(`${name} names files and scripts that are there`, () => {
      const text = read(name);
      assert.deepEqual(missingFiles(text, path.dirname(name)), []);
      assert.deepEqual(missingScripts(text, scripts), []);
    });
  }

  it('would notice a file or a script that is gone', () => {
    assert.deepEqual(missingFiles('see `server/src/gone.ts` and [this](GONE.md)'), [
      'server/src/gone.ts',
      'GONE.md',
    ]);
    assert.deepEqual(missingScripts('`npm run gone` and `npm start`', scripts), ['gone']);
  });

  it('README.md lists every setting', () => {
    const listed = matches(read('README.md'), /^\| `(rpyc\.[\w.]+)`/gm);
    assert.deepEqual(listed.sort(), Object.keys(manifest.contributes.configuration.properties).sort());
  });

  it('README.md names commands as the palette does', () => {
    const texts = JSON.parse(read('package.nls.json')) as Record<string, string>;
    const titles = new Set(Object.values(texts).map((text) => `RPyC: ${text}`));
    const named = matches(read('README.md'), /"(RPyC: [^"]+)"/g);
    assert.ok(named.length > 0);
    assert.deepEqual(
      named.filter((title) => !titles.has(title)),
      [],
    );
  });

  it('ARCHITECTURE.md draws every file of the core', () => {
    const drawing = /```\n(consts {2}[^]*?)```/.exec(read('ARCHITECTURE.md'))?.[1] ?? '';
    const drawn = matches(drawing, /(?<=^|\S {2})([a-zA-Z]+)(?= |$)/gm);
    const files = readdirSync(path.join(REPOSITORY, 'server/src/rpyc/core')).map(
      (name) => path.parse(name).name,
    );
    assert.deepEqual(drawn.sort(), files.sort());
  });

  it('has a test behind each invariant', () => {
    const titles = invariantTests(read('ARCHITECTURE.md'));
    assert.ok(titles.length >= 10, `${titles.length} invariants`);
    const sources = readTestSources();
    assert.deepEqual(
      titles.filter((title) => !sources.includes(title)),
      [],
    );
  });
});
