/** VS Code's manners, as far as the manifest and the sources tell; `client/CHECKLIST.md` says which test is for what. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { readSources } from '../support/sourceImports';
import { readTestSources } from '../support/testSources';
import { REPOSITORY } from '../support/tools';

interface MenuItem {
  readonly command: string;
  readonly when?: string;
  readonly group?: string;
}

interface Step {
  readonly description: string;
  readonly completionEvents: readonly string[];
  readonly media: { readonly svg: string; readonly altText: string };
}

interface Manifest {
  readonly contributes: {
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsWelcome: readonly {
      readonly view: string;
      readonly contents: string;
      readonly when: string;
    }[];
    readonly commands: readonly { readonly command: string; readonly enablement?: string }[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly colors: readonly {
      readonly id: string;
      readonly defaults: Readonly<Record<string, string>>;
    }[];
    readonly walkthroughs: readonly { readonly steps: readonly Step[] }[];
  };
}

function read(file: string): string {
  return readFileSync(path.join(REPOSITORY, file), 'utf8');
}

const { contributes } = JSON.parse(read('package.json')) as Manifest;
const nls = JSON.parse(read('package.nls.json')) as Readonly<Record<string, string>>;
const checklist = read('client/CHECKLIST.md');
const client = readSources(['client/src'], ['.ts']);
const backend = readSources(['server/src/features', 'server/src/lsp', 'server/src/api'], ['.ts']);

/** What a click on a row may do: nothing that changes anything on the peer. */
const CLICKS = ['rpyc.connect', 'rpyc.loadMore', 'rpyc.openSettings', 'rpyc.readValue'];

/** Commands on rows that ask which is meant where they are run without one. */
const ASKING = new Set(
  [
    ...['connect', 'cancelConnecting', 'disconnect', 'interruptRun', 'showOutput', 'refresh', 'findModule'],
    ...[
      'showHistory',
      'goToMember',
      'openSettings',
      'stopRegistry',
      'stopDemo',
      'editConnection',
      'duplicateConnection',
    ],
    ...['openDebugConsole', 'showLastError', 'showStacks'],
    ...['hideMethods', 'hidePrivate', 'hideSpecial'],
    ...['goToMember', 'openSettings', 'stopRegistry', 'stopDemo', 'editConnection', 'duplicateConnection'],
    ...['addFavourite', 'removeFavourite', 'moveUp', 'moveDown', 'moveToGroup', 'setColor', 'chooseThread'],
    ...['markProduction', 'unmarkProduction', 'removeConnection', 'exposeFunctions'],
    // There is one listener, and all calls are meant.
    ...['copyListenerPython', 'stopListening', 'copyCalls'],
  ].map((name) => `rpyc.${name}`),
);

/** These end something or take it away. */
const ENDING = /\.(?:disconnect|cancelConnecting|remove\w+|delete\w+|release\w*|stop\w+)$/;

describe('The manners', () => {
  it('has four views at most', () => {
    const views = Object.values(contributes.views).flat();
    assert.ok(views.length >= 2 && views.length <= 4, `${views.length} views`);
  });

  it('changes nothing by a click', () => {
    const clicks = client.flatMap(({ text }) =>
      [...text.matchAll(/item\.command = \{\s*command: '([\w.]+)'/g)].map((match) => match[1]),
    );
    assert.ok(clicks.length >= 3);
    assert.deepEqual(
      clicks.filter((command) => !CLICKS.includes(command ?? '')),
      [],
    );
  });

  it('ends each menu with what ends or deletes', () => {
    for (const { command, group = '' } of contributes.menus['view/item/context'] ?? []) {
      // A star that is taken away can be given again, and a mark too.
      if (ENDING.test(command) && !command.endsWith('Favourite') && !group.startsWith('inline')) {
        assert.match(group, /^z_end@/, command);
      }
    }
  });

  it('keeps what needs a row out of the palette', () => {
    const inPalette = new Map(
      contributes.menus['commandPalette']?.map(({ command, when }) => [command, when]),
    );
    const ofRows = new Set(contributes.menus['view/item/context']?.map(({ command }) => command));
    ofRows.add('rpyc.loadMore');
    for (const command of ofRows) {
      const when = inPalette.get(command);
      assert.equal(when === 'false', !ASKING.has(command), `${command}: ${when}`);
      const enablement = contributes.commands.find((one) => one.command === command)?.enablement;
      // With nothing to choose from it is not offered either.
      assert.ok((when ?? enablement) !== undefined || command === 'rpyc.openSettings', command);
    }
  });

  it('says what to do wherever a view is empty', () => {
    for (const view of Object.values(contributes.views).flat()) {
      const ofView = contributes.viewsWelcome.filter((one) => one.view === view.id);
      const conditions = ofView.map(({ when }) => when);
      assert.equal(new Set(conditions).size, conditions.length, 'One at a time');
      for (const [state, button] of [
        ['!isWorkspaceTrusted', 'workbench.trust.manage'],
        ['isWorkspaceTrusted && rpyc:backendStopped', 'rpyc.restart'],
      ] as const) {
        const text = nls[ofView.find(({ when }) => when === state)?.contents.slice(1, -1) ?? ''];
        assert.match(
          text ?? '',
          new RegExp(`\\n\\[[^\\]]+\\]\\(command:${button}\\)`),
          `${view.id} ${state}`,
        );
      }
      const others = conditions.filter((one) => !/^!isWorkspaceTrusted$|&& rpyc:backendStopped/.test(one));
      assert.ok(others.length > 0);
      assert.ok(
        others.every((one) => one.startsWith('isWorkspaceTrusted && !rpyc:backendStopped')),
        view.id,
      );
    }
    // A narrow side bar has some 40 characters in a line, and the view of services some ten lines.
    for (const { contents } of contributes.viewsWelcome.filter((one) => one.view === 'rpyc.discovery')) {
      const text = (nls[contents.slice(1, -1)] ?? '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
      assert.ok(text.length <= 200, `${contents}: ${text.length}`);
      assert.ok((text.split('\n')[0] ?? '').length <= 60, contents);
    }
  });

  it('gives each colour a default in every kind of theme', () => {
    assert.ok(contributes.colors.length > 0);
    for (const { id, defaults } of contributes.colors) {
      assert.deepEqual(
        Object.keys(defaults).sort(),
        ['dark', 'highContrast', 'highContrastLight', 'light'],
        id,
      );
    }
  });

  it('has one walkthrough, whose pictures follow the theme', () => {
    assert.equal(contributes.walkthroughs.length, 1);
    const steps = contributes.walkthroughs.flatMap((one) => one.steps);
    assert.ok(steps.length >= 3 && steps.length <= 5);
    for (const { media, description, completionEvents } of steps) {
      const svg = read(media.svg);
      assert.match(svg, /var\(--vscode-foreground/);
      // A colour of our own is only what is taken where the theme has none.
      assert.doesNotMatch(svg.replace(/var\([^)]*\)/g, ''), /#[0-9a-f]{3,8}\b/i);
      assert.notEqual(nls[media.altText.slice(1, -1)] ?? '', '');
      assert.match(nls[description.slice(1, -1)] ?? '', /\(command:rpyc\.\w+\)/);
      assert.equal(completionEvents.length, 1);
    }
  });

  it('has one item in the status bar', () => {
    const items = client.filter(({ text }) => text.includes('createStatusBarItem'));
    assert.deepEqual(
      items.map((source) => source.path),
      ['client/src/statusBar.ts'],
    );
    assert.match(items[0]?.text ?? '', /accessibilityInformation/);
  });

  it('keeps secrets in one place', () => {
    const keepers = client.filter(({ text }) => /\bSecretStorage\b/.test(text)).map((source) => source.path);
    assert.deepEqual(keepers, ['client/src/secretStore.ts']);
  });

  it('sends nothing to anybody', () => {
    for (const { path: file, text } of [...client, ...backend]) {
      assert.doesNotMatch(text, /\bfetch\(['"`]|from 'node:https?'|TelemetryLogger/, file);
    }
  });

  it('tells of every context key in the checklist', () => {
    const set = client.flatMap(({ text }) => text.match(/'rpyc:\w+'/g) ?? []).map((key) => key.slice(1, -1));
    assert.ok(set.length > 5);
    const told = [...checklist.matchAll(/^\| `(rpyc:\w+)`/gm)].map((match) => match[1]);
    assert.deepEqual([...new Set(told)].sort(), [...new Set(set)].sort());
  });

  it('has a test behind each row of the checklist', () => {
    const [table = ''] = checklist.split('## Context keys');
    const sources = readTestSources();
    let rows = 0;
    for (const line of table
      .split('\n')
      .filter((one) => /^\| [A-Z]/.test(one) && !one.startsWith('| Area'))) {
      const tests = [...(line.split('|').at(-2) ?? '').matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? '');
      assert.ok(tests.length > 0, line);
      assert.deepEqual(
        tests.filter((title) => !sources.includes(`'${title.replace(/'/g, "\\'")}'`)),
        [],
        line,
      );
      rows += 1;
    }
    assert.ok(rows >= 20, `${rows} rows`);
  });
});
