import * as vscode from 'vscode';
import { LIVE_TEXT_LIMIT } from '../../server/src/api/live';
import type { LivePlace, LiveStep, LiveSuggestion } from '../../server/src/api/live';
import { LiveCallTip, LiveComplete, LiveExplain, LiveLook } from '../../server/src/api/messages';
import type { RequestMessage } from '../../server/src/api/messages';
import type { ObjectDetails, ObjectKind } from '../../server/src/api/model';
import { codeBlock, lineText, outputText, plainMarkdown } from './displayText';
import type { LiveTextParts } from './liveText';

const LANGUAGE = 'python';
/**
 * The editor asks only one provider for a signature, the one that fits best, and shows hovers in the same order: what
 * fits every language comes behind what knows Python.
 */
const BEHIND_OTHERS = '*';
const NAME_LIMIT = 200;
/** Sorts behind what other extensions suggest. */
const LAST = '~';

const KINDS: Readonly<Partial<Record<ObjectKind, vscode.CompletionItemKind>>> = {
  function: vscode.CompletionItemKind.Function,
  method: vscode.CompletionItemKind.Method,
  class: vscode.CompletionItemKind.Class,
  exception: vscode.CompletionItemKind.Class,
  module: vscode.CompletionItemKind.Module,
  property: vscode.CompletionItemKind.Property,
  struct: vscode.CompletionItemKind.Struct,
  enum: vscode.CompletionItemKind.EnumMember,
  file: vscode.CompletionItemKind.File,
};

/** Begins to suggest. Dispose what is returned to end it. */
export function registerProviders(parts: LiveTextParts): vscode.Disposable {
  const live = new LiveProviders(parts);
  return vscode.Disposable.from(
    vscode.languages.registerCompletionItemProvider(LANGUAGE, live, '.', '[', '"', "'"),
    vscode.languages.registerHoverProvider(BEHIND_OTHERS, live),
    vscode.languages.registerSignatureHelpProvider(BEHIND_OTHERS, live, '(', ','),
  );
}

class LiveItem extends vscode.CompletionItem {
  constructor(
    readonly profileId: string,
    { name, text, kind, typeName, path }: LiveSuggestion,
    label: string,
    range: vscode.Range,
    index: number,
  ) {
    super(
      { label: lineText(name, NAME_LIMIT), description: label },
      KINDS[kind] ?? vscode.CompletionItemKind.Variable,
    );
    this.detail = lineText(typeName, NAME_LIMIT);
    this.insertText = text;
    this.filterText = text;
    this.range = range;
    this.sortText = `${LAST}${String(index).padStart(5, '0')}`;
    this.path = path;
  }

  readonly path: readonly LiveStep[] | undefined;
}

/** Asks the background process, for texts whose connection is open; it answers at once or not at all. */
class LiveProviders
  implements vscode.CompletionItemProvider<LiveItem>, vscode.HoverProvider, vscode.SignatureHelpProvider
{
  constructor(private readonly parts: LiveTextParts) {}

  async provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.CompletionList<LiveItem> | undefined> {
    const place = this.placeOf(document, position);
    const answer = place && (await this.ask(LiveComplete, place, token));
    if (!answer) {
      return undefined;
    }
    const { profileId } = place;
    const label = this.labelOf(profileId);
    const range = new vscode.Range(position.translate(0, -answer.typed), position);
    const items = answer.found.map((found, index) => new LiveItem(profileId, found, label, range, index));
    return new vscode.CompletionList(items, answer.incomplete);
  }

  async resolveCompletionItem(item: LiveItem, token: vscode.CancellationToken): Promise<LiveItem> {
    const { profileId, path } = item;
    const details = path && (await this.ask(LiveExplain, { profileId, path }, token));
    if (details) {
      const { signature = '', documentation = '', value = '' } = details;
      const first = signature === '' ? value : signature;
      item.detail = [item.detail ?? '', lineText(first, NAME_LIMIT)]
        .filter((text) => text !== '')
        .join(' · ');
      item.documentation = outputText(documentation);
    }
    return item;
  }

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.Hover | undefined> {
    const place = this.placeOf(document, position);
    const answer = place && (await this.ask(LiveLook, place, token));
    if (!answer) {
      return undefined;
    }
    const { name, back, ahead } = answer;
    const texts = [codeBlock(headOf(name, answer), LANGUAGE)];
    if (answer.documentation !== undefined) {
      texts.push(codeBlock(answer.documentation, 'text'));
    }
    texts.push(plainMarkdown(vscode.l10n.t('from {0}', this.labelOf(place.profileId))));
    return new vscode.Hover(
      texts.map((text) => new vscode.MarkdownString(text)),
      new vscode.Range(position.translate(0, -back), position.translate(0, ahead)),
    );
  }

  async provideSignatureHelp(
    document: vscode.TextDocument,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.SignatureHelp | undefined> {
    const place = this.placeOf(document, position);
    const answer = place && (await this.ask(LiveCallTip, place, token));
    if (!answer) {
      return undefined;
    }
    const origin = vscode.l10n.t('from {0}', this.labelOf(place.profileId));
    const texts = [outputText(answer.documentation ?? ''), origin];
    const signature = new vscode.SignatureInformation(
      answer.label,
      texts.filter((text) => text !== '').join('\n\n'),
    );
    signature.parameters = answer.parameters.map(
      ([start, end]) => new vscode.ParameterInformation([start, end]),
    );
    const help = new vscode.SignatureHelp();
    help.signatures = [signature];
    help.activeSignature = 0;
    help.activeParameter = answer.active ?? -1;
    return help;
  }

  /** Undefined for a text that has not run on a connection, or whose connection is not open, or runs no Python. */
  private placeOf(document: vscode.TextDocument, position: vscode.Position): LivePlace | undefined {
    const { connections, snippets } = this.parts;
    const profileId = document.languageId === LANGUAGE ? snippets.boundTo(document) : undefined;
    if (profileId === undefined || !isWanted()) {
      return undefined;
    }
    const { status, peer } = connections.state(profileId);
    if (status !== 'connected' || peer?.service !== 'classic') {
      return undefined;
    }
    const offset = document.offsetAt(position);
    const start =
      offset > LIVE_TEXT_LIMIT
        ? new vscode.Position(document.positionAt(offset - LIVE_TEXT_LIMIT).line + 1, 0)
        : new vscode.Position(0, 0);
    return {
      profileId,
      before: document.getText(new vscode.Range(start, position)),
      after: document.lineAt(position.line).text.slice(position.character),
    };
  }

  private labelOf(profileId: string): string {
    return lineText(this.parts.connections.label(profileId), NAME_LIMIT);
  }

  /** Nothing where the process is gone, or nobody waits any more: the text is written all the same. */
  private async ask<P, R>(
    message: RequestMessage<P, R | null>,
    params: P,
    token: vscode.CancellationToken,
  ): Promise<R | undefined> {
    try {
      return (await this.parts.backend.request(message, params, token)) ?? undefined;
    } catch {
      return undefined;
    }
  }
}

function isWanted(): boolean {
  return vscode.workspace.getConfiguration('rpyc').get<boolean>('run.liveCompletion', true);
}

/** `find(name, exact=False)`, or `speed: float = 12.5`. */
function headOf(name: string, { signature, typeName, value }: ObjectDetails): string {
  if (signature !== undefined) {
    return signature;
  }
  return `${name}: ${typeName}${value === undefined ? '' : ` = ${value}`}`;
}
