import * as vscode from 'vscode';
import type { AddressFlag, RegistryAnswer, ServerReach } from '../../server/src/api/discovery';
import { endpointOf } from '../../server/src/api/transport';
import type {
  DiscoveryModel,
  DiscoveryRow,
  GroupRow,
  LeftOutRow,
  LocalRow,
  RegistriesRow,
  RegistryRow,
  ServerRow,
} from './discoveryModel';
import { lineText } from './displayText';
import { appendPlain, count } from './rowItems';

const NAME_LIMIT = 200;

/** `host:port`, with an IPv6 address in brackets. */
export function formatAddress(host: string, port: number): string {
  return endpointOf({ kind: 'tcp', host, port });
}

/** @param expanded whether the row is open; rows without rows under it ignore it */
export function discoveryItem(row: DiscoveryRow, model: DiscoveryModel, expanded: boolean): vscode.TreeItem {
  const item = itemOf(row, model);
  item.id = row.id;
  if (row.kind === 'group' || row.kind === 'registries') {
    const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
    item.collapsibleState = expanded ? Expanded : Collapsed;
  }
  const label = typeof item.label === 'string' ? item.label : '';
  const spoken = [label, typeof item.description === 'string' ? item.description : ''];
  item.accessibilityInformation = { label: spoken.filter((part) => part !== '').join(', ') };
  return item;
}

function itemOf(row: DiscoveryRow, model: DiscoveryModel): vscode.TreeItem {
  switch (row.kind) {
    case 'group':
      return groupItem(row);
    case 'server':
      return serverItem(row, model);
    case 'local':
      return localItem(row);
    case 'registries':
      return registriesItem(row);
    case 'registry':
      return registryItem(row);
    case 'leftOut':
      return leftOutItem(row);
  }
}

function groupItem({ name, servers }: GroupRow): vscode.TreeItem {
  const item = new vscode.TreeItem(lineText(name, NAME_LIMIT));
  item.iconPath = new vscode.ThemeIcon('server-process');
  item.description =
    servers.length === 1 ? vscode.l10n.t('1 server') : vscode.l10n.t('{0} servers', count(servers.length));
  item.contextValue = 'rpycService group';
  item.tooltip = plain(lineText(name, NAME_LIMIT), item.description);
  return item;
}

function serverItem(row: ServerRow, model: DiscoveryModel): vscode.TreeItem {
  const { host, port } = row.server;
  const item = new vscode.TreeItem(lineText(formatAddress(host, port), NAME_LIMIT));
  item.iconPath = serverIcon(row);
  const age = row.toldAt === model.askedAt ? '' : vscode.l10n.t('last told {0}', ageText(row.toldAt));
  item.description = [serverText(row), age].filter((part) => part !== '').join(' · ');
  const usable = row.server.flags.includes('notAHost') ? '' : ' usable';
  item.contextValue = `rpycService server${usable}`;
  // The tooltip tells an age: it is made when it is looked at.
  return item;
}

export function serverTooltip(row: ServerRow, model: DiscoveryModel): vscode.MarkdownString {
  const { name, host, port, flags } = row.server;
  const tellers = model.tellersOf(row).map((answer) => `${answer.mode.toUpperCase()} ${placeOf(answer)}`);
  const lines = [
    formatAddress(host, port),
    serverText(row),
    ...flags.map((flag) => flagSentence(flag, port)),
    tellers.length === 0
      ? vscode.l10n.t('told {0}', ageText(row.toldAt))
      : vscode.l10n.t('told {0} by {1}', ageText(row.toldAt), tellers.join(', ')),
    vscode.l10n.t('What a registry tells is a hint: anyone may register anything with it.'),
  ];
  return plain(lineText(name, NAME_LIMIT), ...lines);
}

/** What an address is warned of before it is connected to. */
export function flagSentence(flag: AddressFlag, port: number): string {
  switch (flag) {
    case 'notAHost':
      return vscode.l10n.t('This address is not that of one machine.');
    case 'loopback':
      return vscode.l10n.t('This is your own machine, told by a registry on another one.');
    case 'hostName':
      return vscode.l10n.t('This is a name and not an address: registries give addresses.');
    case 'public':
      return vscode.l10n.t('This is an address of the internet, and RPyC does not encrypt by itself.');
    case 'elsewhere':
      return vscode.l10n.t('This is on another network than the registry that told it.');
    case 'otherProtocol':
      return vscode.l10n.t('Port {0} is one where other programs are at home.', String(port));
  }
}

function flagText(flag: AddressFlag): string {
  switch (flag) {
    case 'notAHost':
      return vscode.l10n.t('not a machine');
    case 'loopback':
      return vscode.l10n.t('your own machine, told by another');
    case 'hostName':
      return vscode.l10n.t('a name, no address');
    case 'public':
      return vscode.l10n.t('on the internet');
    case 'elsewhere':
      return vscode.l10n.t('on another network');
    case 'otherProtocol':
      return vscode.l10n.t('port of another program');
  }
}

function serverText({ server, reach, checking }: ServerRow): string {
  // What is on the internet is on another network, too.
  const isPublic = server.flags.includes('public');
  const odd = server.flags
    .filter((flag) => !isPublic || flag !== 'elsewhere')
    .map(flagText)
    .join(', ');
  if (!server.checkable) {
    return vscode.l10n.t('not checked: {0}', odd);
  }
  const state =
    checking && reach === undefined
      ? vscode.l10n.t('checking…')
      : reach === undefined
        ? ''
        : reachText(reach);
  return [state, odd].filter((part) => part !== '').join(' · ');
}

function reachText(reach: ServerReach): string {
  switch (reach) {
    case 'reachable':
      return vscode.l10n.t('reachable');
    case 'refused':
      return vscode.l10n.t('not reachable: nothing listens there');
    case 'silent':
      return vscode.l10n.t('not reachable: no answer');
    case 'unreachable':
      return vscode.l10n.t('not reachable: no way there');
  }
}

function serverIcon({ server, reach, checking }: ServerRow): vscode.ThemeIcon {
  if (server.flags.length > 0) {
    return icon('warning', 'problemsWarningIcon.foreground');
  }
  if (checking && reach === undefined) {
    return icon('loading~spin');
  }
  if (reach === undefined) {
    return icon('circle-outline');
  }
  return reach === 'reachable' ? icon('pass', 'charts.green') : icon('circle-slash', 'disabledForeground');
}

function localItem({ what, address, mode }: LocalRow): vscode.TreeItem {
  const isRegistry = what === 'registry';
  const item = new vscode.TreeItem(
    isRegistry ? vscode.l10n.t('Registry of this window') : vscode.l10n.t('Demo server of this window'),
  );
  item.iconPath = icon(isRegistry ? 'radio-tower' : 'beaker', 'charts.green');
  const place = formatAddress(address.host, address.port);
  item.description = mode === undefined ? place : `${place} · ${mode.toUpperCase()}`;
  item.contextValue = isRegistry ? 'rpycLocal registry' : 'rpycLocal demo';
  item.tooltip = plain(
    item.label as string,
    item.description,
    vscode.l10n.t('It ends when this window is closed.'),
  );
  return item;
}

function registriesItem({ answers }: RegistriesRow): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Registries'));
  item.iconPath = icon('radio-tower');
  const answered = answers.filter(({ status }) => status !== 'silent' && status !== 'failed').length;
  const forbidding = answers.filter(({ status }) => status === 'forbidden').length;
  item.description = [
    answered === 1 ? vscode.l10n.t('1 answered') : vscode.l10n.t('{0} answered', count(answered)),
    forbidding === 0
      ? ''
      : forbidding === 1
        ? vscode.l10n.t('1 of them tells no names')
        : vscode.l10n.t('{0} of them tell no names', count(forbidding)),
  ]
    .filter((part) => part !== '')
    .join(', ');
  item.contextValue = 'rpycRegistries';
  return item;
}

function registryItem({ answer }: RegistryRow): vscode.TreeItem {
  const item = new vscode.TreeItem(placeOf(answer));
  item.iconPath = registryIcon(answer);
  const ways = [answer.mode.toUpperCase(), ...answer.interfaces].join(', ');
  item.description = `${statusText(answer)} · ${ways}`;
  item.contextValue = `rpycRegistry ${answer.status}`;
  item.tooltip = plain(placeOf(answer), ways, statusText(answer), statusMend(answer));
  return item;
}

function registryIcon({ status }: RegistryAnswer): vscode.ThemeIcon {
  switch (status) {
    case 'listed':
      return icon('pass', 'charts.green');
    case 'forbidden':
    case 'byName':
      return icon('lock');
    case 'silent':
      return icon('circle-outline', 'disabledForeground');
    case 'failed':
      return icon('error', 'problemsErrorIcon.foreground');
  }
}

function statusText({ status, truncated, problem }: RegistryAnswer): string {
  switch (status) {
    case 'listed':
      return truncated ? vscode.l10n.t('tells some of its services') : vscode.l10n.t('tells its services');
    case 'forbidden':
      return vscode.l10n.t('tells no names');
    case 'byName':
      return vscode.l10n.t('answers to names only');
    case 'silent':
      return vscode.l10n.t('no answer');
    case 'failed':
      return problemText(problem);
  }
}

function problemText(code: string | undefined): string {
  switch (code) {
    case 'ERR_REFUSED':
      return vscode.l10n.t('cannot be asked: nothing listens there');
    case 'ERR_DNS':
      return vscode.l10n.t('cannot be asked: the host is not known');
    case 'ERR_TIMEOUT':
      return vscode.l10n.t('cannot be asked: no answer in time');
    default:
      return vscode.l10n.t('cannot be asked: no way there');
  }
}

function statusMend({ status }: RegistryAnswer): string {
  switch (status) {
    case 'forbidden':
      return vscode.l10n.t(
        'This is how registries are unless they are started with --listing True. "Find Service by Name" works nonetheless.',
      );
    case 'byName':
      return vscode.l10n.t('This registry is too old to tell its names. "Find Service by Name" works.');
    case 'silent':
      return vscode.l10n.t('Perhaps none runs there, or a firewall keeps the question or the answer.');
    case 'failed':
      return vscode.l10n.t('Correct its address in the settings, or start the registry.');
    case 'listed':
      return '';
  }
}

function leftOutItem({ senseless, truncated }: LeftOutRow): vscode.TreeItem {
  const text = truncated
    ? vscode.l10n.t('There are more services than are shown.')
    : vscode.l10n.t('{0} entries are not shown: their names or addresses make no sense.', count(senseless));
  const item = new vscode.TreeItem(text);
  item.iconPath = icon('warning', 'problemsWarningIcon.foreground');
  item.contextValue = 'rpycLeftOut';
  item.tooltip = text;
  return item;
}

function placeOf({ host, port }: RegistryAnswer): string {
  return lineText(formatAddress(host, port), NAME_LIMIT);
}

function ageText(since: number): string {
  const seconds = Math.max(0, Math.round((Date.now() - since) / 1000));
  return seconds < 120
    ? vscode.l10n.t('{0} s ago', seconds)
    : vscode.l10n.t('{0} min ago', Math.round(seconds / 60));
}

function plain(title: string, ...lines: readonly string[]): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString();
  appendPlain(tooltip.appendMarkdown('**'), title).appendMarkdown('**\n\n');
  for (const line of lines.filter((each) => each !== '')) {
    appendPlain(tooltip, line).appendMarkdown('  \n');
  }
  return tooltip;
}

function icon(id: string, color?: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(id, color === undefined ? undefined : new vscode.ThemeColor(color));
}
