import * as vscode from 'vscode';
import type { ProfileColor } from '../../server/src/api/model';
import { PROFILE_COLORS } from '../../server/src/api/profile';
import { askForConnection } from './addConnection';
import type { ConnectionPicker } from './connectionPicker';
import type { Connections } from './connections';
import type { ConnectionDrop, ConnectionsView } from './connectionsView';
import { VIEW_ID } from './connectionsView';
import { pickText } from './displayText';
import type { ListMemory } from './listMemory';
import { askLine, confirm, showInformation } from './messageBoxes';
import { answersFrom, withoutSpecial, withRest } from './profileAnswers';
import type { ProfileEntry } from './profiles';
import { movedBy, movedTo } from './rearranging';
import { agoText, listedRecents } from './recents';
import { addressOf } from './rowItems';
import type { Row } from './rows';
import type { ProfileChange, Settings } from './settings';
import { askForThread } from './threadChoice';

const TEXT_LIMIT = 200;
const GROUP_LIMIT = 255;

export interface ProfileActionParts {
  readonly connections: Connections;
  readonly settings: Settings;
  readonly picker: ConnectionPicker;
  readonly view: ConnectionsView;
  readonly memory: ListMemory;
}

/** A row by a menu; the id of a profile by a keybinding or another extension, and a text where one is wanted. */
type Action = (
  parts: ProfileActionParts,
  argument: Row | string | undefined,
  given?: string,
) => Promise<void>;

/** What can be done with a connection of the list. */
export const PROFILE_ACTIONS = {
  edit: (parts, argument) =>
    withEntry(parts, argument, vscode.l10n.t('Edit which connection?'), (entry) => edit(parts, entry)),

  duplicate: (parts, argument) =>
    withEntry(parts, argument, vscode.l10n.t('Duplicate which connection?'), (entry) =>
      duplicate(parts, entry),
    ),

  openSettings: async ({ connections, settings }, argument) => {
    const id = typeof argument === 'string' ? argument : argument?.profileId;
    const entry = id === undefined ? undefined : connections.entry(id);
    const noted = typeof argument === 'object' && argument.kind === 'note' ? argument : undefined;
    const rejected = connections.rejected.find(
      ({ origin, index }) => noted?.id === `rejected:${origin}:${index}`,
    );
    if (rejected?.origin === 'private') {
      const agreed = await confirm(
        vscode.l10n.t("Remove the entry of VS Code's own store that cannot be used?"),
        vscode.l10n.t('Nothing changes on the server.'),
        vscode.l10n.t('Remove'),
      );
      if (agreed) {
        await settings.removeRejected(rejected);
      }
      return;
    }
    await settings.openProfiles(entry?.origin ?? rejected?.origin ?? 'user');
  },

  addFavourite: (parts, argument) =>
    withEntry(parts, argument, vscode.l10n.t('Which connection?'), ({ profile }) =>
      parts.memory.setFavourite(profile.id, true),
    ),

  removeFavourite: (parts, argument) =>
    withEntry(
      parts,
      argument,
      vscode.l10n.t('Which connection?'),
      ({ profile }) => parts.memory.setFavourite(profile.id, false),
      ({ profile }) => parts.memory.favourites.includes(profile.id),
    ),

  moveUp: (parts, argument) => move(parts, argument, -1),
  moveDown: (parts, argument) => move(parts, argument, 1),

  moveToGroup: (parts, argument, given) =>
    withEntry(parts, argument, vscode.l10n.t('Move which connection?'), async (entry) => {
      const group = given ?? (await askForGroup(parts, entry));
      if (group !== undefined) {
        await change(parts, entry, { group: group.trim() === '' ? undefined : group.trim() });
        await parts.view.revealNew(parts.view.model.connectionRow(entry.profile.id));
      }
    }),

  setColor: (parts, argument, given) =>
    withEntry(parts, argument, vscode.l10n.t('Which connection?'), async (entry) => {
      const color = given ?? (await askForColor(entry));
      if (color !== undefined) {
        await change(parts, entry, { color: PROFILE_COLORS.find((known) => known === color) });
      }
    }),

  chooseThread: (parts, argument, given) =>
    withEntry(parts, argument, vscode.l10n.t('Which connection?'), async (entry) => {
      const chosen = await askForThread(entry.profile, given);
      if (chosen !== undefined) {
        await parts.connections.agreeToChange(entry, chosen);
        await change(parts, entry, chosen);
      }
    }),

  markProduction: (parts, argument) =>
    withEntry(
      parts,
      argument,
      vscode.l10n.t('Which connection?'),
      (entry) => change(parts, entry, { production: true }),
      ({ profile }) => profile.production !== true,
    ),

  unmarkProduction: (parts, argument) =>
    withEntry(
      parts,
      argument,
      vscode.l10n.t('Which connection?'),
      (entry) => change(parts, entry, { production: undefined }),
      ({ profile }) => profile.production === true,
    ),

  remove: (parts, argument) =>
    withEntry(parts, argument, vscode.l10n.t('Remove which connection?'), (entry) => remove(parts, entry)),

  openRecent: (parts) => openRecent(parts),
} satisfies Readonly<Record<string, Action>>;

/** Connections were dragged somewhere: onto another one, before which they go; into a group; or to the end. */
export async function drop(parts: ProfileActionParts, { ids, target }: ConnectionDrop): Promise<void> {
  const { connections, memory } = parts;
  const beside = target?.kind === 'connection' ? target.profileId : undefined;
  const group =
    target?.kind === 'group'
      ? target.name
      : beside === undefined
        ? undefined
        : connections.entry(beside)?.profile.group;
  for (const id of ids) {
    const entry = connections.entry(id);
    if (entry !== undefined && entry.profile.group !== group) {
      await change(parts, entry, { group });
    }
  }
  await memory.setOrder(movedTo(connections.entries, memory, ids, beside));
}

async function withEntry(
  { connections, picker }: ProfileActionParts,
  argument: Row | string | undefined,
  question: string,
  act: (entry: ProfileEntry) => Promise<void>,
  isFit: (entry: ProfileEntry) => boolean = () => true,
): Promise<void> {
  const given = typeof argument === 'string' ? argument : argument?.profileId;
  const fits = (id: string): boolean => {
    const entry = connections.entry(id);
    return entry !== undefined && isFit(entry);
  };
  const id = given ?? (await picker.pickWhere(fits, question));
  const entry = id === undefined ? undefined : connections.entry(id);
  if (entry === undefined) {
    return;
  }
  if (connections.isDraft(entry)) {
    void showInformation(
      vscode.l10n.t('The connection "{0}" is being tried out: answer that first.', entry.profile.label),
    );
    return;
  }
  await act(entry);
}

/** Writes fields of a profile where it stands. */
async function change(
  { settings, memory }: ProfileActionParts,
  entry: ProfileEntry,
  fields: ProfileChange,
): Promise<void> {
  await memory.rename(entry.profile.id, await settings.changeProfile(entry, fields));
}

async function edit(parts: ProfileActionParts, entry: ProfileEntry): Promise<void> {
  const { profile } = entry;
  const others = parts.connections.entries.filter((other) => other.profile.id !== profile.id);
  const title = vscode.l10n.t('Edit RPyC Connection');
  const asked = await askForConnection(others, answersFrom(profile), title);
  if (asked !== undefined) {
    const { transport, ...more } = asked.profile;
    await change(parts, entry, {
      ...more,
      ...withoutSpecial(asked.answers, profile),
      transport: withRest(transport, profile.transport),
    });
  }
}

async function duplicate(parts: ProfileActionParts, entry: ProfileEntry): Promise<void> {
  const { connections, settings, memory, view } = parts;
  const labels = connections.entries.map(({ profile }) => profile.label);
  const [, name = ''] = /^(.*?)(?: \(\d+\))?$/s.exec(entry.profile.label) ?? [];
  let label = entry.profile.label;
  for (let n = 2; labels.includes(label); n++) {
    label = `${name.slice(0, GROUP_LIMIT - 10)} (${n})`;
  }
  const id = await settings.copyProfile(entry, label);
  // Beside its original wherever the list has an order of its own.
  const order = movedTo(connections.entries, memory, [id], entry.profile.id);
  await memory.setOrder(movedTo(connections.entries, { order }, [entry.profile.id], id));
  await view.revealNew(view.model.connectionRow(id));
}

async function remove(
  { connections, settings, memory }: ProfileActionParts,
  entry: ProfileEntry,
): Promise<void> {
  if (await agreesToRemove(entry)) {
    await settings.removeProfile(entry);
    await connections.forgetSecrets(entry, connections.entries);
    await memory.rename(entry.profile.id, undefined);
  }
}

/** Whoever runs the command, the user is asked. */
async function agreesToRemove({ profile }: ProfileEntry): Promise<boolean> {
  const remove: vscode.QuickPickItem = {
    label: vscode.l10n.t('Remove'),
    detail: pickText(addressOf(profile), TEXT_LIMIT),
    iconPath: new vscode.ThemeIcon('trash'),
  };
  const keep: vscode.QuickPickItem = {
    label: vscode.l10n.t('Keep'),
    iconPath: new vscode.ThemeIcon('close'),
  };
  const choice = await vscode.window.showQuickPick([remove, keep], {
    title: vscode.l10n.t('Remove the connection "{0}"?', pickText(profile.label, TEXT_LIMIT)),
    placeHolder: vscode.l10n.t('It leaves the list, with its secrets. Nothing changes on the server.'),
  });
  return choice === remove;
}

async function move(
  parts: ProfileActionParts,
  argument: Row | string | undefined,
  by: -1 | 1,
): Promise<void> {
  const { connections, memory, view } = parts;
  const shift = async (what: Parameters<typeof movedBy>[2]): Promise<void> => {
    const order = movedBy(connections.entries, memory, what, by);
    if (order !== undefined) {
      await memory.setOrder(order);
    }
  };
  const row = argument ?? view.selected;
  if (typeof row === 'object' && row.kind === 'group') {
    await shift({ kind: 'group', name: row.name });
    return;
  }
  await withEntry(parts, row, vscode.l10n.t('Move which connection?'), ({ profile }) =>
    shift({ kind: 'connection', profileId: profile.id }),
  );
}

interface GroupItem extends vscode.QuickPickItem {
  readonly group?: string;
}

/** @returns the empty text for no group, undefined when the question was closed */
async function askForGroup(
  { connections }: ProfileActionParts,
  { profile }: ProfileEntry,
): Promise<string | undefined> {
  const known = new Set(connections.entries.flatMap((entry) => entry.profile.group ?? []));
  known.delete(profile.group ?? '');
  const none: GroupItem = {
    label: vscode.l10n.t('No Group'),
    group: '',
    iconPath: new vscode.ThemeIcon('close'),
  };
  const fresh: GroupItem = {
    label: vscode.l10n.t('New Group…'),
    iconPath: new vscode.ThemeIcon('new-folder'),
  };
  const items: GroupItem[] = [
    ...[...known].sort().map((group) => ({
      label: pickText(group, TEXT_LIMIT),
      group,
      iconPath: new vscode.ThemeIcon('folder'),
    })),
    fresh,
    ...(profile.group === undefined ? [] : [none]),
  ];
  const title = vscode.l10n.t('Move "{0}" to a Group', pickText(profile.label, TEXT_LIMIT));
  const choice = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t('In which folder of the list does it stand?'),
  });
  if (choice !== fresh) {
    return choice?.group;
  }
  const name = await askLine({
    title,
    prompt: vscode.l10n.t('What is the group called?'),
    validateInput: (text) =>
      text.length > GROUP_LIMIT
        ? vscode.l10n.t('A name has at most {0} characters.', GROUP_LIMIT)
        : undefined,
  });
  return name === undefined || name.trim() === '' ? undefined : name;
}

interface ColorItem extends vscode.QuickPickItem {
  readonly color: ProfileColor | '';
}

/** @returns the empty text for no colour, undefined when the question was closed */
async function askForColor({ profile }: ProfileEntry): Promise<string | undefined> {
  const names: Readonly<Record<ProfileColor, string>> = {
    red: vscode.l10n.t('Red'),
    orange: vscode.l10n.t('Orange'),
    yellow: vscode.l10n.t('Yellow'),
    green: vscode.l10n.t('Green'),
    blue: vscode.l10n.t('Blue'),
    purple: vscode.l10n.t('Purple'),
  };
  const now = vscode.l10n.t('as it is now');
  const items: ColorItem[] = PROFILE_COLORS.map((color) => ({
    color,
    label: names[color],
    iconPath: new vscode.ThemeIcon('circle-filled', new vscode.ThemeColor(`rpyc.connection.${color}`)),
    ...(profile.color === color ? { description: now } : {}),
  }));
  items.push({
    color: '',
    label: vscode.l10n.t('No Colour'),
    iconPath: new vscode.ThemeIcon('circle-outline'),
    ...(profile.color === undefined ? { description: now } : {}),
  });
  const choice = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Colour of "{0}"', pickText(profile.label, TEXT_LIMIT)),
    placeHolder: vscode.l10n.t('Which colour has its icon?'),
  });
  return choice?.color;
}

interface RecentItem extends vscode.QuickPickItem {
  readonly profileId: string;
}

async function openRecent({ connections, picker, view, memory }: ProfileActionParts): Promise<void> {
  const listed = connections.entries.map(({ profile }) => profile.id);
  const items = listedRecents(memory.recents, listed).map(({ id, at }): RecentItem => {
    const profile = connections.entry(id)?.profile;
    return {
      profileId: id,
      label: pickText(connections.label(id), TEXT_LIMIT),
      description: agoText(at, Date.now(), vscode.env.language),
      detail: profile === undefined ? '' : pickText(addressOf(profile), TEXT_LIMIT),
    };
  });
  if (items.length === 0) {
    void showInformation(vscode.l10n.t('No connection of the list was used yet.'));
    return;
  }
  const choice = await vscode.window.showQuickPick(items, {
    placeHolder: vscode.l10n.t('Connect to which?'),
    matchOnDetail: true,
  });
  if (choice === undefined) {
    return;
  }
  await vscode.commands.executeCommand(`${VIEW_ID}.focus`);
  if (await picker.connect(choice.profileId)) {
    await view.showConnected(choice.profileId);
  }
}
