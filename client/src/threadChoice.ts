/** The question which thread of the peer runs what the user runs. */
import * as vscode from 'vscode';
import type { HostProgram, Profile, RunThread } from '../../server/src/api/model';
import { HOST_PROGRAMS, isPost, MAX_POST } from '../../server/src/api/runThread';
import { pickText } from './displayText';
import { hostTitle } from './kindText';
import { askLine } from './messageBoxes';

const TEXT_LIMIT = 200;

/** What one can choose: the connection's own thread, a worker, or a program with a main thread. */
export type ThreadId = 'connection' | 'worker' | HostProgram;

interface ThreadItem extends vscode.QuickPickItem {
  readonly id: ThreadId;
}

/**
 * @param given what was chosen already
 * @returns `runOn` undefined for the connection's own thread; undefined where the question was closed
 */
export async function askForThread(
  { label, runOn }: Profile,
  given?: string,
): Promise<{ readonly runOn: RunThread | undefined } | undefined> {
  const title = vscode.l10n.t('Thread for Runs on "{0}"', pickText(label, TEXT_LIMIT));
  const known = [...OWN, ...HOST_PROGRAMS].find((id) => id === given);
  const id = given === undefined ? await pick(title, runOn) : known;
  switch (id) {
    case undefined:
      return undefined;
    case 'connection':
      return { runOn: undefined };
    case 'worker':
      return { runOn: { thread: 'worker' } };
    case 'other': {
      const post = await askLine({
        title,
        prompt: vscode.l10n.t(
          'Python that gives a function: it is called with a callable, and calls it in the main thread.',
        ),
        placeHolder: 'app.call_soon_threadsafe',
        value: runOn?.thread === 'main' ? (runOn.post ?? '') : '',
        validateInput: (text) =>
          isPost(text)
            ? undefined
            : vscode.l10n.t('Type Python on one line, of at most {0} characters.', MAX_POST),
      });
      return post === undefined ? undefined : { runOn: { thread: 'main', host: id, post: post.trim() } };
    }
    default:
      return { runOn: { thread: 'main', host: id } };
  }
}

const OWN: readonly ThreadId[] = ['connection', 'worker'];

async function pick(title: string, runOn: RunThread | undefined): Promise<ThreadId | undefined> {
  const now: ThreadId =
    runOn === undefined ? 'connection' : runOn.thread === 'worker' ? 'worker' : runOn.host;
  const item = (id: ThreadId, label: string, icon: string, detail?: string): ThreadItem => ({
    id,
    label,
    iconPath: new vscode.ThemeIcon(icon),
    ...(id === now ? { description: vscode.l10n.t('as it is now') } : {}),
    ...(detail === undefined ? {} : { detail }),
  });
  const items: (ThreadItem | vscode.QuickPickItem)[] = [
    item(
      'connection',
      vscode.l10n.t("The Connection's Own Thread"),
      'plug',
      vscode.l10n.t('As RPyC does it: the thread that serves the connection.'),
    ),
    item(
      'worker',
      vscode.l10n.t('A Worker Thread'),
      'server-process',
      vscode.l10n.t('The connection goes on to answer, also where a server has only one.'),
    ),
    { label: vscode.l10n.t('Main Thread of the Host Program'), kind: vscode.QuickPickItemKind.Separator },
    item(
      'auto',
      vscode.l10n.t('Whichever Program Is Recognised'),
      'search',
      vscode.l10n.t('IDA, Blender, Houdini, Maya, gdb, or else an application of Qt.'),
    ),
    ...HOST_PROGRAMS.filter((id) => id !== 'auto' && id !== 'other').map((id) =>
      item(id, hostTitle(id), 'window'),
    ),
    item(
      'other',
      vscode.l10n.t('Another Program…'),
      'code',
      vscode.l10n.t('It has a function that calls something in its main thread: you say which.'),
    ),
  ];
  const choice = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t('Where does that run what you run there? It holds from the next run on.'),
    matchOnDetail: true,
  });
  return choice !== undefined && 'id' in choice ? choice.id : undefined;
}
