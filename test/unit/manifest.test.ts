import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { getL10nJson } from '@vscode/l10n-dev';

import {
  CALL_COMMAND_IDS,
  COMMAND_IDS,
  DISCOVERY_COMMAND_IDS,
  FLEET_COMMAND_IDS,
  GROUP_COMMAND_IDS,
  ROW_ACTION_IDS,
  WATCH_COMMAND_IDS,
  WIRE_COMMAND_IDS,
} from '../../client/src/commandIds';
import { fitsRow, ROW_TOKENS, rowContexts } from '../support/rowContexts';
import { readSources } from '../support/sourceImports';
import { REPOSITORY } from '../support/tools';

interface Command {
  readonly command: string;
  readonly title: string;
  readonly category?: string;
  readonly icon?: string;
  readonly enablement?: string;
}

interface MenuItem {
  readonly command: string;
  readonly when?: string;
  readonly group?: string;
}

interface Setting {
  readonly description?: string;
  readonly markdownDescription?: string;
  readonly default?: unknown;
  readonly order?: number;
  readonly scope?: string;
  readonly enum?: readonly string[];
  readonly enumDescriptions?: readonly string[];
}

interface Manifest {
  readonly icon: string;
  readonly main: string;
  readonly l10n: string;
  readonly description: string;
  readonly activationEvents: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: {
      readonly supported: string;
      readonly description: string;
      readonly restrictedConfigurations: readonly string[];
    };
    readonly virtualWorkspaces: unknown;
  };
  readonly contributes: {
    readonly commands: readonly Command[];
    readonly keybindings: readonly { readonly command: string; readonly when: string }[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly views: Readonly<Record<string, readonly { readonly id: string; readonly icon?: string }[]>>;
    readonly viewsContainers: Readonly<Record<string, readonly { readonly icon: string }[]>>;
    readonly viewsWelcome: readonly { readonly contents: string; readonly when?: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, Setting>> };
  };
}

function read(file: string): string {
  return readFileSync(path.join(REPOSITORY, file), 'utf8');
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const nls = JSON.parse(read('package.nls.json')) as Readonly<Record<string, string>>;
const { commands, keybindings, menus } = manifest.contributes;

/** Every string under one of these names is shown to the user. */
const SHOWN = [
  'title',
  'name',
  'contextualTitle',
  'contents',
  'description',
  'markdownDescription',
  'altText',
];

function shownStrings(value: unknown, key = '', found: string[] = []): string[] {
  if (typeof value === 'string') {
    if (SHOWN.includes(key) || key === 'enumDescriptions') {
      found.push(value);
    }
  } else if (Array.isArray(value)) {
    value.forEach((item) => shownStrings(item, key === 'enumDescriptions' ? key : '', found));
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      shownStrings(item, name, found);
    }
  }
  return found;
}

describe('Manifest', () => {
  it('lists just the commands that the extension registers', () => {
    assert.deepEqual(
      commands.map(({ command }) => command),
      [
        ...COMMAND_IDS,
        ...ROW_ACTION_IDS,
        ...GROUP_COMMAND_IDS,
        ...DISCOVERY_COMMAND_IDS,
        ...WATCH_COMMAND_IDS,
        ...WIRE_COMMAND_IDS,
        ...FLEET_COMMAND_IDS,
        ...CALL_COMMAND_IDS,
      ],
    );
  });

  it('gives every command a category and an icon', () => {
    for (const { command, category, icon } of commands) {
      assert.equal(category, 'RPyC', command);
      assert.match(icon ?? '', /^\$\([a-z-]+\)$/, command);
    }
  });

  it('connects and runs only in trusted workspaces', () => {
    for (const id of [
      'rpyc.addConnection',
      'rpyc.connect',
      'rpyc.runSelection',
      'rpyc.runSelectionAndMoveOn',
      'rpyc.runCell',
      'rpyc.runCellAndMoveOn',
      'rpyc.runFile',
      'rpyc.runSelectionOnSeveral',
      'rpyc.runCellOnSeveral',
      'rpyc.runFileOnSeveral',
      'rpyc.runFailedAgain',
      'rpyc.findModule',
      'rpyc.lookForServices',
      'rpyc.findService',
      'rpyc.connectService',
      'rpyc.startRegistry',
      'rpyc.startDemo',
      'rpyc.explainError',
      'rpyc.exposeFunctions',
      'rpyc.startListening',
      'rpyc.restart',
    ]) {
      const enablement = commands.find(({ command }) => command === id)?.enablement ?? '';
      assert.match(enablement, /\bisWorkspaceTrusted\b/, id);
    }
    const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
    assert.equal(untrustedWorkspaces.supported, 'limited');
    assert.ok(untrustedWorkspaces.restrictedConfigurations.includes('rpyc.profiles'));
    assert.notEqual(virtualWorkspaces, undefined);
  });

  it('ends the title of a command that asks for input with an ellipsis, and of no other', () => {
    const asking = [
      'addConnection',
      'openRecent',
      'editConnection',
      'moveToGroup',
      'setColor',
      'chooseThread',
      'removeConnection',
      'findModule',
      'findChild',
      'chooseConnection',
      'editValue',
      'deleteValue',
      'callObject',
      'takeNext',
      'tryAnyway',
    ];
    asking.push('exposeFunctions', 'startListening');
    asking.push('goToMember', 'findService', 'addRegistry', 'startRegistry', 'explainError', 'showMenu');
    asking.push('answerInput', 'runSelectionOnSeveral', 'runCellOnSeveral', 'runFileOnSeveral');
    for (const { command, title } of commands) {
      const text = nls[title.slice(1, -1)] ?? '';
      assert.equal(text.endsWith('…'), asking.includes(command.slice('rpyc.'.length)), command);
    }
  });

  it('takes every shown string from package.nls.json, which has no other', () => {
    const used = [...shownStrings(manifest.contributes), ...shownStrings(manifest.capabilities)];
    used.push(manifest.description);
    const bare = used.filter((text) => !/^%[\w.]+%$/.test(text));
    assert.deepEqual(bare, []);
    assert.deepEqual([...new Set(used.map((text) => text.slice(1, -1)))].sort(), Object.keys(nls).sort());
  });

  it('names only its own commands in menus, keybindings and welcome texts', () => {
    const known = new Set(commands.map(({ command }) => command));
    const named = [...Object.values(menus).flat(), ...keybindings].map(({ command }) => command);
    const linked = Object.values(nls).flatMap((text) => [...text.matchAll(/\(command:(rpyc[\w.]*)[?)]/g)]);
    for (const command of [...named, ...linked.map((match) => match[1] ?? '')]) {
      assert.ok(known.has(command), command);
    }
  });

  it('has one view container, and an icon on each view', () => {
    const containers = Object.values(manifest.contributes.viewsContainers).flat();
    assert.equal(containers.length, 1);
    const icons = [...containers, ...Object.values(manifest.contributes.views).flat()].map(
      ({ icon }) => icon ?? '',
    );
    for (const icon of icons) {
      const svg = read(icon);
      assert.match(svg, /viewBox="0 0 24 24"/);
      assert.match(svg, /stroke="currentColor"/);
    }
  });

  it('shows at most three icons in the view title, with collapse all, and three on a row', () => {
    const icons = (menu: string, group: string): readonly MenuItem[] =>
      (menus[menu] ?? []).filter((item) => item.group?.startsWith(group) === true);
    for (const view of ['rpyc.connections', 'rpyc.discovery']) {
      const ofView = icons('view/title', 'navigation').filter(({ when }) => when?.includes(`== ${view}`));
      assert.equal(ofView.length, 2, view);
    }
    // One of two, by whether it is paused, and one more.
    const ofWatch = icons('view/title', 'navigation').filter(({ when }) => when?.includes('== rpyc.watch '));
    assert.deepEqual(
      ofWatch.map(({ when }) => /!?rpyc:watchPaused/.exec(when ?? '')?.[0]),
      ['!rpyc:watchPaused', 'rpyc:watchPaused', undefined],
    );
    // Whatever a row is, no more of the conditions hold for it at once.
    const inline = icons('view/item/context', 'inline');
    const ofView = (view: string): readonly MenuItem[] =>
      inline.filter(({ when }) => when?.includes(`view == ${view}`));
    const kinds = [
      ...(
        /const OBJECT_ICONS[^]*?= \{([^]*?)\n\};/.exec(read('client/src/appearance.ts'))?.[1] ?? ''
      ).matchAll(/^ {2}(\w+):/gm),
    ].map((match) => match[1] ?? '');
    assert.ok(kinds.includes('method') && kinds.includes('unread'));
    let most = 0;
    for (const context of rowContexts(kinds)) {
      const shown = ofView('rpyc.connections').filter(({ when = '' }) => fitsRow(when, context));
      most = Math.max(most, shown.length);
      assert.ok(shown.length <= 3, `${context}: ${shown.map(({ command }) => command).join(', ')}`);
    }
    assert.equal(most, 3, 'The conditions are understood');
    const outOfReach = ofView('rpyc.connections').filter(({ when = '' }) =>
      fitsRow(when, 'rpycObject method expression blocked parent'),
    );
    assert.deepEqual(outOfReach, [], 'What is out of reach offers nothing that would ask for it');
    const offeredOn = (context: string): readonly string[] =>
      (manifest.contributes.menus['view/item/context'] ?? [])
        .filter(({ when = '' }) => when.includes('view == rpyc.connections') && fitsRow(when, context))
        .map(({ command }) => command);
    assert.deepEqual(
      offeredOn('rpycMembers private'),
      ['rpyc.hidePrivate'],
      'a group can be hidden where it is',
    );
    for (const kind of kinds) {
      const isPlain = ['none', 'boolean', 'number', 'string', 'bytes'].includes(kind);
      const hasSource = offeredOn(`rpycObject ${kind} expression editable`).includes('rpyc.openSource');
      assert.ok(!(isPlain && hasSource), `${kind} has no source`);
    }
    assert.ok(offeredOn('rpycObject object expression').includes('rpyc.openSource'));
    assert.ok(ofView('rpyc.discovery').length <= 3);
    assert.ok(ofView('rpyc.watch').length <= 3);
    const pushed = [...read('client/src/rowItems.ts').matchAll(/tokens\.push\('(\w+)'\)/g)].map(
      (match) => match[1],
    );
    assert.deepEqual([...new Set(pushed)].sort(), [...ROW_TOKENS].sort());
  });

  it('binds few keys, each in a place of ours', () => {
    assert.ok(keybindings.length <= 6);
    for (const { command, when } of keybindings) {
      assert.match(
        when,
        /editorLangId == python && rpyc:connected|editorTextFocus && rpyc:hasInlineResults|focusedView == rpyc\.connections/,
        command,
      );
    }
  });

  it('describes every setting, with default, order and scope', () => {
    for (const [name, setting] of Object.entries(manifest.contributes.configuration.properties)) {
      assert.ok(setting.description ?? setting.markdownDescription, name);
      assert.notEqual(setting.default, undefined, name);
      assert.notEqual(setting.order, undefined, name);
      assert.notEqual(setting.scope, undefined, name);
      assert.equal(setting.enumDescriptions?.length, setting.enum?.length, name);
    }
  });

  it('activates on views, commands, links and debug sessions of its own alone', () =>
    assert.deepEqual(manifest.activationEvents, [
      'onUri',
      'onDebugResolve:rpyc',
      'onDebugDynamicConfigurations:rpyc',
    ]));

  it('has a square PNG of at least 128 pixels', () => {
    const png = readFileSync(path.join(REPOSITORY, manifest.icon));
    assert.equal(png.subarray(1, 4).toString('latin1'), 'PNG');
    assert.ok(png.readUInt32BE(16) >= 128);
    assert.equal(png.readUInt32BE(16), png.readUInt32BE(20));
  });

  it('has a bundle of the strings in the code, for translators', async function () {
    // The parser of all sources takes its time.
    this.timeout(60_000);
    const sources = readSources(['client/src'], ['.ts']);
    const strings = await getL10nJson(sources.map(({ text }) => ({ extension: '.ts', contents: text })));
    const bundle = JSON.parse(read(path.posix.join(manifest.l10n, 'bundle.l10n.json'))) as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      Object.keys(bundle).sort(),
      Object.keys(strings).sort(),
      'Run: npx vscode-l10n-dev export --outDir client/l10n client/src',
    );
  });

  it('tells the user nothing in code that cannot be translated', () => {
    const bare = /\b(?:showError|showInformation|confirm)\(\s*['"`]/;
    for (const source of readSources(['client/src'], ['.ts'])) {
      assert.doesNotMatch(source.text, bare, source.path);
    }
  });

  it('shows messages through the one place that takes links out of them', () => {
    const direct = readSources(['client/src'], ['.ts'])
      .filter(({ text }) => /\.show(?:Error|Warning|Information)Message\(/.test(text))
      .map((source) => source.path);
    assert.deepEqual(direct, ['client/src/messageBoxes.ts']);
  });

  it('asks for lines through the places that take links out of what stands above them', () => {
    const direct = readSources(['client/src'], ['.ts'])
      .filter(({ text }) => /\.(?:show|create)InputBox\(/.test(text))
      .map((source) => source.path);
    const places = ['messageBoxes', 'multiStepInput', 'runInput'].map((name) => `client/src/${name}.ts`);
    assert.deepEqual(direct, places);
  });

  it('enables commands by keys that the extension sets', () => {
    const set = readSources(['client/src'], ['.ts']).flatMap(({ text }) => text.match(/'rpyc:\w+'/g) ?? []);
    const conditions = [
      ...commands.map(({ enablement }) => enablement),
      ...Object.values(menus)
        .flat()
        .map(({ when }) => when),
    ];
    for (const key of conditions.flatMap((condition) => condition?.match(/rpyc:\w+/g) ?? [])) {
      assert.ok(set.includes(`'${key}'`), key);
    }
    const settings = manifest.contributes.configuration.properties;
    for (const key of conditions.flatMap((condition) => condition?.match(/config\.[\w.]+/g) ?? [])) {
      assert.equal(typeof settings[key.slice('config.'.length)]?.default, 'boolean', key);
    }
  });
});
