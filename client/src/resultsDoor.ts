import * as vscode from 'vscode';
import type { Backend } from './backend';
import type { Connections } from './connections';
import type { ConnectionsView } from './connectionsView';
import { showInformation } from './messageBoxes';
import type { ResultsPanel, ShownSnapshot } from './resultsPanel';
import type { ObjectRow } from './rows';
import type { RunValue } from './runValues';
import type { Snippets } from './snippets';

export interface ResultsParts {
  readonly backend: Backend;
  readonly connections: Connections;
  readonly view: ConnectionsView;
  readonly snippets: Snippets;
  /** Of the extension. */
  readonly folder: vscode.Uri;
  readonly log: vscode.LogOutputChannel;
}

/** The way to the panel that shows results as pictures, tables and pages: its code is loaded with the first of them. */
export class ResultsDoor implements vscode.Disposable {
  private readonly listener: vscode.Disposable;
  private loading: Promise<ResultsPanel> | undefined;

  constructor(private readonly parts: ResultsParts) {
    this.listener = parts.snippets.onDidGiveValue((value) => {
      const wanted = vscode.workspace.getConfiguration('rpyc').get<boolean>('run.showPictures', true);
      if (wanted && value.parts?.shown?.as === 'picture') {
        // Used from now on, while the panel is on its way.
        const use = value.use();
        this.load()
          .then((panel) => panel.show(value, true))
          .catch((error: unknown) => parts.log.error(String(error)))
          .finally(() => use.dispose());
      }
    });
  }

  /** What the panel shows now, for tests. */
  get snapshot(): Promise<ShownSnapshot | undefined> {
    return this.loading?.then((panel) => panel.snapshot) ?? Promise.resolve(undefined);
  }

  /** Shows the value of a run: that of `runId`, else of the line of the cursor, else the newest. */
  async showResult(runId: string | undefined): Promise<void> {
    const value = await this.find(runId, 'shown');
    if (value !== undefined) {
      await (await this.load()).show(value, false);
    } else if ((await this.loading)?.reveal() !== true) {
      void showInformation(
        vscode.l10n.t(
          'There is no result to show: run something that gives a figure, an image, a table or HTML.',
        ),
      );
    }
  }

  /** Shows the value of a run under Results in the tree. */
  async exploreResult(runId: string | undefined): Promise<void> {
    const value = await this.find(runId, 'value');
    if (value === undefined) {
      void showInformation(
        vscode.l10n.t('There is no result to look into: run something that gives an object.'),
      );
    } else {
      await (await this.load()).explore(value);
    }
  }

  async showRow(row: ObjectRow): Promise<void> {
    await (await this.load()).showRow(row);
  }

  dispose(): void {
    this.listener.dispose();
    void this.loading?.then((panel) => panel.dispose());
  }

  private async find(runId: string | undefined, part: 'shown' | 'value'): Promise<RunValue | undefined> {
    const { snippets } = this.parts;
    const editor = vscode.window.activeTextEditor;
    const here = editor && (await snippets.inline)?.runAt(editor.document.uri, editor.selection.active.line);
    const fits = (held: NonNullable<RunValue['parts']>): boolean => held[part] !== undefined;
    if (runId !== undefined) {
      return snippets.values.find(runId, fits);
    }
    return (
      (here === undefined ? undefined : snippets.values.find(here, fits)) ??
      snippets.values.find(undefined, fits)
    );
  }

  private load(): Promise<ResultsPanel> {
    this.loading ??= import(/* webpackChunkName: "resultsPanel" */ './resultsPanel.js').then(
      ({ ResultsPanel: Loaded }) => new Loaded(this.parts),
    );
    return this.loading;
  }
}
