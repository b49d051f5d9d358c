import * as vscode from 'vscode';
import { DEFAULT_REGISTRY_PORT, isServiceName } from '../../server/src/api/transport';
import type { LocalServers, RegistryAddress, RegistryMode } from '../../server/src/api/discovery';
import { StartDemo, StartRegistry, StopDemo, StopRegistry } from '../../server/src/api/messages';
import type { Backend } from './backend';
import type { DiscoveryCommandId } from './commandIds';
import { flagSentence, formatAddress } from './discoveryItems';
import type { DiscoveryRow, ServerRow } from './discoveryModel';
import type { DiscoverySettings } from './discoverySettings';
import type { DiscoveryView } from './discoveryView';
import { pickText } from './displayText';
import { askLine, showInformation } from './messageBoxes';
import { askPick, askText } from './multiStepInput';
import { parseAddress } from './profiles';
import type { NewProfile } from './settings';
import { requireTrust } from './trust';

const DEMO_PORT = 18861;
const TEXT_LIMIT = 200;
const HINT_MS = 3_000;
const LOOPBACK = '127.0.0.1';
const EVERYWHERE = '0.0.0.0';
/** Servers that are connected by one command. */
const TOGETHER = 20;

export interface DiscoveryCommandParts {
  readonly backend: Backend;
  readonly settings: DiscoverySettings;
  readonly view: DiscoveryView;
  /** Lists connections as Add Connection does, and connects them. */
  readonly connect: (profiles: readonly NewProfile[]) => Promise<void>;
}

/** A row of the view by a menu, and all that are selected; where a registry or a demo is wanted, its address. */
export type DiscoveryArguments = readonly [clicked?: unknown, selected?: unknown];

type Table = Readonly<Record<DiscoveryCommandId, (...args: DiscoveryArguments) => Promise<unknown>>>;

export function discoveryCommands(parts: DiscoveryCommandParts): Table {
  const { backend, view } = parts;
  return {
    'rpyc.lookForServices': async () => {
      requireNetwork();
      await view.focus();
      await view.lookFor('asked');
    },
    'rpyc.findService': (name) => findService(parts, typeof name === 'string' ? name : undefined),
    'rpyc.addRegistry': () => addRegistry(parts),
    'rpyc.connectService': (...args) => connectServices(parts, rowsOf(view, args)),
    'rpyc.copyServiceAddress': (...args) => copyAddresses(rowsOf(view, args)),
    'rpyc.startRegistry': (wanted) => startRegistry(parts, wanted),
    'rpyc.stopRegistry': () => localChange(parts, () => backend.request(StopRegistry, null)),
    'rpyc.startDemo': (wanted) => startDemo(parts, wanted),
    'rpyc.stopDemo': () => localChange(parts, () => backend.request(StopDemo, null)),
  };
}

function requireNetwork(): void {
  requireTrust(
    vscode.l10n.t(
      'RPyC sends nothing over the network in Restricted Mode: trust this workspace to look for services.',
    ),
  );
}

async function findService(parts: DiscoveryCommandParts, given: string | undefined): Promise<void> {
  requireNetwork();
  const { settings, view } = parts;
  const name = given ?? (await askForName());
  if (name === undefined) {
    return;
  }
  await view.focus();
  const result = await view.lookFor('asked', name);
  if (result.servers.some((server) => server.name === name.toUpperCase())) {
    await settings.rememberName(name);
    return;
  }
  const answered = result.registries.some(({ status }) => status !== 'silent' && status !== 'failed');
  void showInformation(
    answered
      ? vscode.l10n.t(
          'No registry knows a service named "{0}": check the name, and that its server registers.',
          name,
        )
      : vscode.l10n.t('No registry answered: add the address of one, or start one.'),
  );
}

async function askForName(): Promise<string | undefined> {
  const text = await askLine({
    title: vscode.l10n.t('Find Service by Name'),
    prompt: vscode.l10n.t('A registry that tells no names still answers to this one. It is remembered.'),
    placeHolder: vscode.l10n.t('name of the service, in any case'),
    validateInput: (typed) =>
      typed.trim() === '' || isServiceName(typed) ? undefined : vscode.l10n.t('Type a name of one line.'),
  });
  const name = text?.trim();
  return name === undefined || name === '' ? undefined : name;
}

async function addRegistry({ settings, view }: DiscoveryCommandParts): Promise<void> {
  requireNetwork();
  const title = vscode.l10n.t('Add Registry');
  const modes: readonly (vscode.QuickPickItem & { readonly mode: RegistryMode })[] = [
    {
      mode: 'udp',
      label: 'UDP',
      detail: vscode.l10n.t('As rpyc_registry is started unless told otherwise.'),
    },
    { mode: 'tcp', label: 'TCP', detail: vscode.l10n.t('As rpyc_registry is started with --mode TCP.') },
  ];
  let mode: RegistryMode = 'udp';
  for (;;) {
    const picked = await askPick({
      title,
      step: 1,
      totalSteps: 2,
      items: modes,
      placeholder: vscode.l10n.t('How is the registry asked?'),
      active: modes.find((each) => each.mode === mode),
    });
    if (picked.kind !== 'value') {
      return;
    }
    mode = picked.value.mode;
    const typed = await askText({
      title,
      step: 2,
      totalSteps: 2,
      value: '',
      prompt: vscode.l10n.t(
        'Where does the registry listen? Host and port; {0} where you leave the port out.',
        String(DEFAULT_REGISTRY_PORT),
      ),
      placeholder: vscode.l10n.t('host, or host:port'),
      check: (text) =>
        typeof parseAddress(text, DEFAULT_REGISTRY_PORT) === 'string'
          ? vscode.l10n.t('Type a host, or host:port.')
          : undefined,
    });
    if (typed.kind === 'closed') {
      return;
    }
    const address = typed.kind === 'value' ? parseAddress(typed.value, DEFAULT_REGISTRY_PORT) : 'empty';
    if (typeof address !== 'string') {
      await settings.addRegistry({ mode, ...address });
      await view.focus();
      await view.lookFor('asked');
      return;
    }
  }
}

async function connectServices(
  { connect }: DiscoveryCommandParts,
  rows: readonly DiscoveryRow[],
): Promise<void> {
  requireNetwork();
  const servers = serversOf(rows).filter(({ server }) => !server.flags.includes('notAHost'));
  const wanted = servers.slice(0, TOGETHER);
  if (wanted.length === 0 || !(await agreesTo(wanted))) {
    return;
  }
  await connect(
    wanted.map(({ server: { name, host, port } }) => ({
      label: vscode.l10n.t('{0} at {1}', name, formatAddress(host, port)),
      transport: { kind: 'tcp', host, port },
      service: 'auto',
    })),
  );
}

/** A registry's word is no reason to connect: the user says so, having seen where it leads. */
async function agreesTo(rows: readonly ServerRow[]): Promise<boolean> {
  const places = rows.map(({ server: { host, port } }) => formatAddress(host, port));
  const warnings = new Set(
    rows.flatMap(({ server }) => server.flags.map((flag) => flagSentence(flag, server.port))),
  );
  const [first] = rows;
  const title =
    rows.length === 1
      ? vscode.l10n.t('Connect to {0} at {1}?', first?.server.name ?? '', places.join(', '))
      : vscode.l10n.t('Connect to {0} servers?', rows.length);
  const agree: vscode.QuickPickItem = {
    label: vscode.l10n.t('Connect'),
    description: pickText(places.join(', '), TEXT_LIMIT),
    detail: pickText([...warnings].join(' '), 2 * TEXT_LIMIT),
    iconPath: new vscode.ThemeIcon(warnings.size === 0 ? 'vm-connect' : 'warning'),
  };
  const decline: vscode.QuickPickItem = {
    label: vscode.l10n.t('Do Not Connect'),
    iconPath: new vscode.ThemeIcon('close'),
  };
  const choice = await vscode.window.showQuickPick(
    warnings.size === 0 ? [agree, decline] : [decline, agree],
    {
      title: pickText(title, TEXT_LIMIT),
      placeHolder: vscode.l10n.t('A registry told this address. Connect only if you know the server.'),
    },
  );
  return choice === agree;
}

async function copyAddresses(rows: readonly DiscoveryRow[]): Promise<void> {
  const registries = rows.flatMap((row) =>
    row.kind === 'registry' ? [row.answer] : row.kind === 'local' ? [row.address] : [],
  );
  const all = [...serversOf(rows).map(({ server }) => server), ...registries];
  const texts = new Set(all.map(({ host, port }) => formatAddress(host, port)));
  if (texts.size > 0) {
    await vscode.env.clipboard.writeText([...texts].join('\n'));
    vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t('Copied')}`, HINT_MS);
  }
}

async function startRegistry(parts: DiscoveryCommandParts, given: unknown): Promise<void> {
  requireNetwork();
  const wanted = givenRegistry(given) ?? (await askForRegistry());
  if (wanted !== undefined) {
    await localChange(parts, () => parts.backend.request(StartRegistry, wanted));
  }
}

/** Starts the demo, and connects to it where that is wanted: it is ours, and on this machine. */
async function startDemo(parts: DiscoveryCommandParts, wanted: unknown): Promise<void> {
  const { backend, connect } = parts;
  const port = portOf(wanted) ?? DEMO_PORT;
  const { demo } = await localChange(parts, () => backend.request(StartDemo, { port }));
  if (demo !== undefined && fieldOf(wanted, 'connect') === true) {
    const transport = { kind: 'tcp', host: demo.host, port: demo.port } as const;
    await connect([{ label: vscode.l10n.t('Demo'), transport, service: 'auto' }]);
  }
}

async function askForRegistry(): Promise<RegistryAddress | undefined> {
  const here = vscode.l10n.t('On This Machine Only');
  const everywhere = vscode.l10n.t('On All Networks of This Machine');
  const open = vscode.l10n.t('Whoever reaches this machine can register services and read their names.');
  const own = vscode.l10n.t('Programs on this machine register here, if they are told to ask {0}.', LOOPBACK);
  const items = (['udp', 'tcp'] as const).flatMap((mode) => [
    { label: here, description: mode.toUpperCase(), detail: own, mode, host: LOOPBACK },
    { label: everywhere, description: mode.toUpperCase(), detail: open, mode, host: EVERYWHERE },
  ]);
  const choice = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Start Registry'),
    placeHolder: vscode.l10n.t('Where should the registry listen? It ends when this window is closed.'),
  });
  return choice && { mode: choice.mode, host: choice.host, port: DEFAULT_REGISTRY_PORT };
}

/** Starts or stops something, and asks the registries anew. */
async function localChange(
  { view }: DiscoveryCommandParts,
  change: () => Promise<LocalServers>,
): Promise<LocalServers> {
  requireNetwork();
  const local = await change();
  if (view.model.askedAt !== undefined || view.model.local.registry !== undefined) {
    await view.lookFor('asked');
  }
  return local;
}

function givenRegistry(value: unknown): RegistryAddress | undefined {
  const mode = fieldOf(value, 'mode');
  const port = portOf(value);
  return (mode === 'udp' || mode === 'tcp') && port !== undefined
    ? { mode, host: LOOPBACK, port }
    : undefined;
}

function portOf(value: unknown): number | undefined {
  const port = fieldOf(value, 'port');
  return typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined;
}

/** The rows that a command is about: all that are selected where the clicked one is among them. */
function rowsOf(
  { selection, model }: DiscoveryView,
  [clicked, selected]: DiscoveryArguments,
): DiscoveryRow[] {
  if (typeof clicked === 'string') {
    return model.top.flatMap((row) => [row, ...model.childrenOf(row)]).filter(({ id }) => id === clicked);
  }
  if (Array.isArray(selected) && selected.length > 0) {
    return selected as DiscoveryRow[];
  }
  return clicked === undefined ? [...selection] : [clicked as DiscoveryRow];
}

/** The servers of all rows, each address once. */
function serversOf(rows: readonly DiscoveryRow[]): readonly ServerRow[] {
  const byAddress = new Map<string, ServerRow>();
  for (const row of rows.flatMap((each) => (each.kind === 'group' ? each.servers : each))) {
    if (row.kind === 'server') {
      byAddress.set(formatAddress(row.server.host, row.server.port), row);
    }
  }
  return [...byAddress.values()];
}
