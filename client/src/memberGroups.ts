/** The groups of an object's names, such as its methods: which of them the user wants to see. */
import { ConfigurationTarget, workspace } from 'vscode';
import type { Disposable } from 'vscode';
import type { MemberGroup, ObjectNode } from '../../server/src/api/model';
import type { GroupCommandId } from './commandIds';

const SECTION = 'rpyc.explorer';

/** The settings that show the groups. Menus read them as `config.rpyc.explorer.…`. */
const SETTINGS: Readonly<Record<MemberGroup, string>> = {
  methods: 'showMethods',
  private: 'showPrivate',
  special: 'showSpecial',
};

/** Whether the row stands for a group that the user does not want to see. */
export function isHiddenGroup({ path }: ObjectNode): boolean {
  const last = path.at(-1);
  return (
    last?.kind === 'group' && workspace.getConfiguration(SECTION).get<unknown>(SETTINGS[last.group]) === false
  );
}

/** Calls when other groups are to be seen. */
export function onDidChangeGroups(listener: () => void): Disposable {
  return workspace.onDidChangeConfiguration((event) => {
    if (Object.values(SETTINGS).some((name) => event.affectsConfiguration(`${SECTION}.${name}`))) {
      listener();
    }
  });
}

/** Shows or hides a group, in the settings that say so now. */
export async function runGroupCommand(id: GroupCommandId): Promise<void> {
  const [, verb = '', name = ''] = /^rpyc\.(show|hide)(\w+)$/.exec(id) ?? [];
  const settings = workspace.getConfiguration(SECTION);
  const setting = `show${name}`;
  const ofWorkspace = settings.inspect(setting)?.workspaceValue !== undefined;
  const target = ofWorkspace ? ConfigurationTarget.Workspace : ConfigurationTarget.Global;
  await settings.update(setting, verb === 'show', target);
}
