import * as vscode from 'vscode';
import { ObjectKeep, ObjectShow } from '../../server/src/api/messages';
import type { ShownObject } from '../../server/src/api/showing';
import { lineText, outputText } from './displayText';
import { FRAME_HEAD, framedPage } from './framedPage';
import { showError, showInformation } from './messageBoxes';
import { panelTexts } from './panelTexts';
import { isCancelled, problemOf, ProblemError } from './problems';
import { ResultPages } from './resultPages';
import type { ResultPage } from './resultPages';
import type { ResultsParts } from './resultsDoor';
import { showResult } from './resultRows';
import { nodeName } from './rowItems';
import type { ObjectRow } from './rows';
import type { RunValue } from './runValues';
import { commaSeparated, tabSeparated } from './tableText';
import { pageHtml, pageOptions } from './webviewPage';

const VIEW_TYPE = 'rpyc.results';
const TITLE_LIMIT = 100;
const HINT_MS = 3_000;

/** Something that can be shown, and the way to it. */
interface ShownSource {
  readonly title: string;
  readonly profileId: string;
  readonly show: (position: number, token: vscode.CancellationToken) => Promise<ShownObject>;
  /** Absent where it is in the tree already. */
  readonly explore?: () => Promise<void>;
  /** What it holds. */
  readonly use?: { dispose(): void };
}

/** What the panel shows, and what its page says of having drawn it. */
export interface ShownSnapshot {
  readonly title: string;
  readonly number: number;
  readonly count: number;
  readonly problem: string;
  readonly visible: boolean;
  readonly active: boolean;
  readonly drawn: DrawnPage | undefined;
}

export interface DrawnPage {
  readonly as: string;
  readonly width: number;
  readonly height: number;
  readonly rows: number;
  readonly columns: number;
  readonly text: string;
}

/** The panel in which results are pictures, tables and pages. One for the window, with what it showed last. */
export class ResultsPanel implements vscode.Disposable {
  private readonly pages = new ResultPages<ShownSource>(({ source }) => this.dropped(source));
  private readonly sources = new Map<RunValue, ShownSource>();
  private panel: vscode.WebviewPanel | undefined;
  private ready = false;
  private making: vscode.CancellationTokenSource | undefined;
  private drawn: DrawnPage | undefined;
  /** Counts what was sent to the page, which tells of what it has drawn with it. */
  private turn = 0;

  constructor(private readonly parts: ResultsParts) {}

  get snapshot(): ShownSnapshot | undefined {
    const { current, index, count } = this.pages;
    const { panel, drawn } = this;
    return current === undefined || panel === undefined
      ? undefined
      : {
          title: current.source.title,
          number: index + 1,
          count,
          problem: current.problem ?? '',
          visible: panel.visible,
          active: panel.active,
          drawn,
        };
  }

  /** Shows the value of a run. @param byItself nobody has asked for it: the focus stays, and so does a panel behind others */
  async show(value: RunValue, byItself: boolean): Promise<void> {
    let source = this.sources.get(value);
    if (source === undefined) {
      source = this.sourceOf(value);
      this.sources.set(value, source);
    }
    await this.open(source, byItself);
  }

  async showRow(row: ObjectRow): Promise<void> {
    const { backend, view } = this.parts;
    await this.open(
      {
        title: lineText(nodeName(row.node), TITLE_LIMIT),
        profileId: row.profileId,
        show: (position, token) =>
          view.model.withFreshHandle(row, (handle) =>
            backend.request(ObjectShow, { handle, position }, token),
          ),
      },
      false,
    );
  }

  /** Puts the value of a run under Results in the tree. */
  async explore(value: RunValue): Promise<void> {
    const { backend, view } = this.parts;
    const handle = value.parts?.value;
    if (handle === undefined) {
      throw new ProblemError({ code: 'ERR_STALE', message: goneText() });
    }
    const { title: what, profileId } = value;
    await showResult(view, profileId, await asked(backend.request(ObjectKeep, { handle, what })));
  }

  /** Brings the panel to the front. @returns false where there is none */
  reveal(): boolean {
    this.panel?.reveal(undefined, false);
    return this.panel !== undefined;
  }

  dispose(): void {
    this.making?.cancel();
    this.panel?.dispose();
    this.pages.clear();
  }

  private sourceOf(value: RunValue): ShownSource {
    const { backend } = this.parts;
    const hasValue = value.parts?.value !== undefined;
    return {
      title: lineText(value.title, TITLE_LIMIT),
      profileId: value.profileId,
      use: value.use(),
      show: async (position, token) => {
        const handle = value.parts?.shown?.handle;
        if (handle === undefined) {
          throw new ProblemError({ code: 'ERR_STALE', message: goneText() });
        }
        return asked(backend.request(ObjectShow, { handle, position }, token));
      },
      ...(hasValue ? { explore: () => this.explore(value) } : {}),
    };
  }

  private async open(source: ShownSource, byItself: boolean): Promise<void> {
    const page = this.pages.open(source);
    if (this.panel === undefined) {
      this.create();
    } else if (!byItself || !this.panel.visible) {
      this.panel.reveal(undefined, byItself);
    }
    if (page.content === undefined || source.use === undefined) {
      await this.make(page, page.position);
    } else {
      this.post();
    }
  }

  /** Has the peer make what a page shows. */
  private async make(page: ResultPage<ShownSource>, position: number): Promise<void> {
    this.making?.cancel();
    const making = new vscode.CancellationTokenSource();
    this.making = making;
    delete page.problem;
    this.post(true);
    try {
      const content = await page.source.show(position, making.token);
      page.position = content.as === 'table' ? content.table.start : position;
      this.pages.fill(page, content);
    } catch (error) {
      const problem = problemOf(error);
      page.problem = isCancelled(error) ? vscode.l10n.t('This was stopped.') : problem.message;
      if (!isCancelled(error)) {
        this.parts.log.warn(`${problem.code}: ${problem.message} ${problem.detail ?? ''}`);
      }
    } finally {
      making.dispose();
    }
    if (this.making === making) {
      this.making = undefined;
      this.post();
    }
  }

  private create(): void {
    const { folder } = this.parts;
    const title = vscode.l10n.t('RPyC Results');
    const panel = vscode.window.createWebviewPanel(
      VIEW_TYPE,
      title,
      { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
      pageOptions(folder),
    );
    panel.iconPath = vscode.Uri.joinPath(folder, 'media', 'rpyc.svg');
    panel.webview.onDidReceiveMessage((message: unknown) => {
      this.answer(message).catch((error: unknown) => {
        if (!isCancelled(error)) {
          void showError(problemOf(error).message);
        }
      });
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.ready = false;
      this.making?.cancel();
      this.pages.clear();
    });
    panel.webview.html = pageHtml(panel.webview, folder, {
      title,
      language: vscode.env.language,
      styles: ['results.css'],
      scripts: ['results.js'],
      data: panelTexts(),
      dataImages: true,
      // Of the documents in frames, which scripts of ours do not make.
      inlineStyles: true,
    });
    this.panel = panel;
  }

  /** What the page asks for. It is ours, and nothing that runs in it comes from a peer. */
  private async answer(message: unknown): Promise<void> {
    const { type, by, position, turn, ...facts } = message as {
      readonly type?: unknown;
      readonly by?: unknown;
      readonly position?: unknown;
      readonly turn?: unknown;
    };
    const page = this.pages.current;
    if (type === 'ready') {
      this.ready = true;
      this.post(this.making !== undefined);
    } else if (page === undefined) {
      return;
    } else if (type === 'go') {
      this.making?.cancel();
      const next = this.pages.go(by === -1 ? -1 : 1);
      if (next !== undefined && next.content === undefined) {
        await this.make(next, next.position);
      } else {
        this.post();
      }
    } else if (type === 'move') {
      await this.make(page, typeof position === 'number' ? position : 0);
    } else if (type === 'stop') {
      this.making?.cancel();
    } else if (type === 'explore') {
      await page.source.explore?.();
    } else if (type === 'copy') {
      await copy(page.content);
    } else if (type === 'copied') {
      copied();
    } else if (type === 'save') {
      await save(page);
    } else if (type === 'drawn' && turn === this.turn) {
      this.drawn = facts as unknown as DrawnPage;
    }
  }

  private post(busy = false): void {
    this.drawn = undefined;
    this.turn += 1;
    const { panel } = this;
    const { current, index, count } = this.pages;
    if (panel === undefined || current === undefined || !this.ready) {
      return;
    }
    const { source, content, problem, position } = current;
    void panel.webview.postMessage({
      ...{ title: source.title, number: index + 1, count, busy, position, turn: this.turn },
      where: lineText(this.parts.connections.label(source.profileId), TITLE_LIMIT),
      problem: problem ?? '',
      explores: source.explore !== undefined,
      ...(content === undefined ? {} : { content: drawable(content) }),
    });
  }

  private dropped(source: ShownSource): void {
    source.use?.dispose();
    for (const [value, known] of this.sources) {
      if (known === source) {
        this.sources.delete(value);
      }
    }
  }
}

/** What the page of the panel draws. A page of a peer goes into a frame that runs and loads nothing. */
function drawable(content: ShownObject): object {
  switch (content.as) {
    case 'page':
      return { as: 'page', head: FRAME_HEAD, html: framedPage(content.html) };
    case 'text':
      return { as: 'text', text: outputText(content.text) };
    case 'error':
      return { as: 'error', text: outputText(content.error.traceback) };
    default:
      return content;
  }
}

function goneText(): string {
  return vscode.l10n.t('This value is not held any more: run its code again.');
}

/** What was released, or went with its connection, has a sentence of its own here. */
async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw problemOf(error).code === 'ERR_STALE'
      ? new ProblemError({ ...problemOf(error), message: goneText() })
      : error;
  }
}

async function copy(content: ShownObject | undefined): Promise<void> {
  const text = content === undefined ? undefined : textOf(content);
  if (text === undefined) {
    void showInformation(vscode.l10n.t('The picture could not be copied here: save it instead.'));
    return;
  }
  await vscode.env.clipboard.writeText(text);
  copied();
}

function copied(): void {
  vscode.window.setStatusBarMessage(`$(check) ${vscode.l10n.t('Copied the result')}`, HINT_MS);
}

function textOf(content: ShownObject): string | undefined {
  switch (content.as) {
    case 'table':
      return tabSeparated(content.table);
    case 'page':
      return content.html;
    case 'text':
      return content.text;
    case 'error':
      return content.error.traceback;
    case 'picture':
      return undefined;
  }
}

const ENDINGS = { 'image/png': 'png', 'image/jpeg': 'jpg', 'image/svg+xml': 'svg' } as const;

async function save({ source, content }: ResultPage<ShownSource>): Promise<void> {
  if (content === undefined || content.as === 'error') {
    return;
  }
  const [ending, bytes] =
    content.as === 'picture'
      ? ([ENDINGS[content.type], Buffer.from(content.data, 'base64')] as const)
      : content.as === 'table'
        ? (['csv', Buffer.from(commaSeparated(content.table))] as const)
        : content.as === 'page'
          ? (['html', Buffer.from(content.html)] as const)
          : (['md', Buffer.from(content.text)] as const);
  const name = source.title.replace(/\.py(?=:|$)/, '').replace(/[^\p{L}\p{N}_-]+/gu, '-');
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file('/');
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(folder, `${name}.${ending}`),
    filters: { [ending.toUpperCase()]: [ending] },
  });
  if (target !== undefined) {
    await vscode.workspace.fs.writeFile(target, bytes);
  }
}
