/** The list of what ran. Loaded when it is first opened. */
import * as vscode from 'vscode';
import type { ConnectionPicker } from './connectionPicker';
import type { Connections } from './connections';
import { pickText } from './displayText';
import { showInformation } from './messageBoxes';
import type { ProductionGuard } from './productionGuard';
import { agoText } from './recents';
import type { PastRun } from './runHistory';
import { shortType } from './runOutput';
import type { Snippets } from './snippets';

const SOURCE_LIMIT = 120;
const DETAIL_LIMIT = 400;
const HINT_MS = 3_000;

export interface HistoryParts {
  readonly connections: Connections;
  readonly picker: ConnectionPicker;
  readonly snippets: Snippets;
  readonly production: ProductionGuard;
}

interface RunItem extends vscode.QuickPickItem {
  readonly run: PastRun;
}

type Act = 'again' | 'open' | 'copy' | 'remove';

interface ActButton extends vscode.QuickInputButton {
  readonly act: Act;
}

/**
 * Lists what ran, the newest first, to search it, to run it again, to copy it or to open it in an editor.
 *
 * @param profileId of one connection; of all without it
 */
export async function showHistory(parts: HistoryParts, profileId: string | undefined): Promise<void> {
  const { history } = parts.snippets;
  const list = (): readonly PastRun[] =>
    history.runs.filter((run) => profileId === undefined || run.profileId === profileId);
  if (list().length === 0) {
    void showInformation(vscode.l10n.t('Nothing has run yet, or its history is cleared.'));
    return;
  }
  const pick = vscode.window.createQuickPick<RunItem>();
  pick.title =
    profileId === undefined
      ? vscode.l10n.t('What Ran')
      : vscode.l10n.t('What Ran on {0}', parts.connections.label(profileId));
  pick.placeholder = vscode.l10n.t('Search; Enter runs it again where it ran');
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.items = itemsOf(list());
  pick.buttons = [clearButton()];
  try {
    const chosen = await new Promise<{ readonly act: Act; readonly run: PastRun } | undefined>((resolve) => {
      pick.onDidAccept(() => {
        const run = pick.activeItems[0]?.run;
        resolve(run === undefined ? undefined : { act: 'again', run });
      });
      pick.onDidHide(() => resolve(undefined));
      pick.onDidTriggerButton(() => {
        void history.clear(profileId);
        resolve(undefined);
      });
      pick.onDidTriggerItemButton(({ button, item }) => {
        const { act } = button as ActButton;
        if (act === 'remove') {
          void history.remove(item.run.id).then(() => (pick.items = itemsOf(list())));
        } else {
          resolve({ act, run: item.run });
        }
      });
      pick.show();
    });
    if (chosen !== undefined) {
      await carryOut(parts, chosen.act, chosen.run);
    }
  } finally {
    pick.dispose();
  }
}

async function carryOut(parts: HistoryParts, act: Act, run: PastRun): Promise<void> {
  const { connections, picker, snippets, production } = parts;
  if (act === 'copy') {
    await vscode.env.clipboard.writeText(run.source);
    vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t('Copied')}`, HINT_MS);
  } else if (act === 'open') {
    const document = await vscode.workspace.openTextDocument({ language: 'python', content: run.source });
    await vscode.window.showTextDocument(document);
    if (connections.entry(run.profileId) !== undefined) {
      await snippets.bind(document, run.profileId);
    }
  } else if (connections.entry(run.profileId) === undefined) {
    void showInformation(
      vscode.l10n.t(
        'The connection "{0}" is not listed any more: copy the code, and run it elsewhere.',
        run.label,
      ),
    );
  } else if (
    (await picker.connect(run.profileId)) &&
    (await production.agrees(run.profileId, 'run', run.source))
  ) {
    await snippets.runAgain(run);
  }
}

function itemsOf(runs: readonly PastRun[]): readonly RunItem[] {
  const now = Date.now();
  return runs.map((run) => ({
    run,
    label: pickText(firstLine(run.source), SOURCE_LIMIT),
    iconPath: new vscode.ThemeIcon(iconOf(run)),
    description: `${pickText(run.label, SOURCE_LIMIT)}, ${agoText(run.at, now, vscode.env.language)}`,
    detail: pickText(detailOf(run), DETAIL_LIMIT),
    buttons: [
      button('open', 'edit', vscode.l10n.t('Open in an Editor')),
      button('copy', 'copy', vscode.l10n.t('Copy')),
      button('remove', 'trash', vscode.l10n.t('Remove from History')),
    ],
  }));
}

/** How it ended, and the lines behind the first, so that they can be searched. */
function detailOf({ source, status, outcome, elapsedMs }: PastRun): string {
  const seconds = vscode.l10n.t('{0} s', (elapsedMs / 1000).toFixed(2));
  const end = endOf(status, outcome, seconds);
  const rest = source.trim().split('\n').slice(1).join(' ⏎ ');
  return rest === '' ? end : `${end}  ·  ${rest}`;
}

/** Marked as in the output. */
function endOf(status: PastRun['status'], outcome: string, seconds: string): string {
  switch (status) {
    case 'done':
      return outcome === '' ? `✓ ${seconds}` : `→ ${outcome}`;
    case 'interrupted':
      return `${vscode.l10n.t('■ interrupted')} (${seconds})`;
    default:
      return `✗ ${shortType(outcome)} (${seconds})`;
  }
}

function firstLine(source: string): string {
  return source.trim().split('\n', 1)[0] ?? '';
}

function iconOf({ status }: PastRun): string {
  return status === 'done' ? 'pass' : status === 'interrupted' ? 'debug-stop' : 'error';
}

function button(act: Act, icon: string, tooltip: string): ActButton {
  return { act, iconPath: new vscode.ThemeIcon(icon), tooltip };
}

function clearButton(): vscode.QuickInputButton {
  return { iconPath: new vscode.ThemeIcon('clear-all'), tooltip: vscode.l10n.t('Clear This History') };
}
