import * as vscode from 'vscode';
import { EXPLAINED_TEXT_LIMIT } from '../../server/src/api/explanation';
import { Explain } from '../../server/src/api/messages';
import type { Backend } from './backend';
import { explanationMarkdown } from './explanationText';
import { askLine } from './messageBoxes';
import { requireTrust } from './trust';

export const EXPLANATION_SCHEME = 'rpyc-explanation';
/** Pages that are kept, for previews that ask for their text again. */
const KEPT_PAGES = 20;
const LOOKS_LIKE_ERROR =
  /Traceback \(most recent call last\)|^\s*[\w.<>]{0,200}(?:Error|Exception|Timeout|Derived)(?::|$)/m;

interface Source {
  readonly text: string;
  /** Where it came from, as a sentence. */
  readonly told: string;
}

/** Explains a traceback that the user has: selected, copied or typed. The pages are read-only and in memory only. */
export class ErrorExplainer implements vscode.Disposable, vscode.TextDocumentContentProvider {
  private readonly pages = new Map<string, string>();
  private readonly registration: vscode.Disposable;
  private made = 0;

  constructor(private readonly backend: Backend) {
    this.registration = vscode.workspace.registerTextDocumentContentProvider(EXPLANATION_SCHEME, this);
  }

  /** @throws ProblemError in Restricted Mode: the background process explains */
  async explain(): Promise<void> {
    requireTrust(
      vscode.l10n.t('RPyC explains nothing in Restricted Mode: trust this workspace, and try again.'),
    );
    const source = await findSource();
    if (source === undefined) {
      return;
    }
    const explanation = await this.backend.request(Explain, {
      text: source.text.slice(-EXPLAINED_TEXT_LIMIT),
    });
    await this.show(
      explanationMarkdown(explanation, {
        mend: vscode.l10n.t('What mends it'),
        unknown: vscode.l10n.t('What mends it is not known here.'),
        read: vscode.l10n.t('What the text shows'),
        source: source.told,
      }),
    );
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.pages.get(uri.path) ?? vscode.l10n.t('This explanation is no longer there: ask for it again.')
    );
  }

  dispose(): void {
    this.registration.dispose();
    this.pages.clear();
  }

  private async show(page: string): Promise<void> {
    this.made += 1;
    const title = vscode.l10n.t('RPyC error explained');
    const uri = vscode.Uri.from({ scheme: EXPLANATION_SCHEME, path: `/${this.made}/${title}.md` });
    this.pages.set(uri.path, page);
    for (const path of [...this.pages.keys()].slice(0, -KEPT_PAGES)) {
      this.pages.delete(path);
    }
    const document = await vscode.workspace.openTextDocument(uri);
    try {
      await vscode.commands.executeCommand('markdown.showPreview', uri);
    } catch {
      // The editor's Markdown extension may be switched off; the page reads well as text.
      await vscode.window.showTextDocument(document);
    }
  }
}

/** The selection, or what was copied, or what the user types. Undefined when nothing was typed. */
async function findSource(): Promise<Source | undefined> {
  const editor = vscode.window.activeTextEditor;
  const selected = editor === undefined ? '' : editor.document.getText(editor.selection);
  if (selected.trim() !== '') {
    return { text: selected, told: vscode.l10n.t('This explains the text that was selected.') };
  }
  const copied = await vscode.env.clipboard.readText();
  if (LOOKS_LIKE_ERROR.test(copied.slice(-EXPLAINED_TEXT_LIMIT))) {
    return { text: copied, told: vscode.l10n.t('This explains the text that was copied.') };
  }
  const typed = await askLine({
    title: vscode.l10n.t('Explain RPyC Error'),
    prompt: vscode.l10n.t(
      'Paste the line that names the error. For a whole traceback, which tells more, select it in an editor or copy it, and run this command again.',
    ),
    placeHolder: 'ValueError: invalid message type: 18',
    ignoreFocusOut: true,
  });
  return typed === undefined || typed.trim() === ''
    ? undefined
    : { text: typed, told: vscode.l10n.t('This explains the line that was typed.') };
}
