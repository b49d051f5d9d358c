/** What a call needs the user for: questions, one at a time, each withdrawn when nobody waits for its answer. */
import * as vscode from 'vscode';
import type { CallAnswer, CallQuestion } from '../../server/src/api/callbacks';
import { lineText } from './displayText';
import { askLine, showInformation } from './messageBoxes';

const TEXT_LIMIT = 500;
const NAME_LIMIT = 60;
const NO_ANSWER: CallAnswer = { value: null };

export class CallAnswers {
  /** One question after the other: nobody reads two at once. */
  private last: Promise<unknown> = Promise.resolve();

  /** Those that are open and those that wait; a process that has ended cancels none of them. */
  private readonly open = new Set<vscode.CancellationTokenSource>();

  answer(question: CallQuestion, token: vscode.CancellationToken): Promise<CallAnswer> {
    const source = new vscode.CancellationTokenSource();
    this.open.add(source);
    const listener = token.onCancellationRequested(() => source.cancel());
    if (token.isCancellationRequested) {
      source.cancel();
    }
    const answered = this.last
      .then(() =>
        source.token.isCancellationRequested
          ? NO_ANSWER
          : unlessCancelled(ask(question, source.token), source.token),
      )
      .finally(() => {
        this.open.delete(source);
        listener.dispose();
        source.dispose();
      });
    this.last = answered.catch(() => undefined);
    return answered;
  }

  /** Nobody waits for an answer any more. */
  withdrawAll(): void {
    for (const source of this.open) {
      source.cancel();
    }
  }
}

async function ask(question: CallQuestion, token: vscode.CancellationToken): Promise<CallAnswer> {
  const peer = lineText(question.peer, NAME_LIMIT);
  switch (question.kind) {
    case 'ask': {
      const value = await askLine(
        {
          title: vscode.l10n.t('"{0}" asks', peer),
          prompt: lineText(question.text, TEXT_LIMIT),
          value: lineText(question.value, TEXT_LIMIT),
          ignoreFocusOut: true,
        },
        token,
      );
      return { value: value ?? null };
    }
    case 'confirm':
      return {
        value: await agrees(vscode.l10n.t('"{0}" asks: {1}', peer, lineText(question.text, TEXT_LIMIT))),
      };
    case 'admit':
      return { value: await admits(question, peer) };
    case 'openFile':
      return openFile(question.path, question.line, peer, token);
  }
}

/** Closing the question is a no. */
async function agrees(text: string, yes = vscode.l10n.t('Yes'), no = vscode.l10n.t('No')): Promise<boolean> {
  return (await showInformation(text, yes, no)) === yes;
}

function admits({ names, from }: CallQuestion & { readonly kind: 'admit' }, peer: string): Promise<boolean> {
  const functions = names.join(', ');
  const text =
    from === ''
      ? vscode.l10n.t(
          'A program of yours that calls itself "{0}" has connected. May it call {1}?',
          peer,
          functions,
        )
      : vscode.l10n.t(
          'A program at {0} that calls itself "{1}" has connected. May it call {2}?',
          lineText(from, NAME_LIMIT),
          peer,
          functions,
        );
  return agrees(text, vscode.l10n.t('Let It In'), vscode.l10n.t('Refuse'));
}

/** Only files of the folders that are open are opened, and only where the user agrees. Nothing is run. */
async function openFile(
  path: string,
  line: number,
  peer: string,
  token: vscode.CancellationToken,
): Promise<CallAnswer> {
  const uri = await fileOf(path);
  if (uri === undefined) {
    return { error: vscode.l10n.t('There is no such file in the folders that are open in the editor') };
  }
  const shown = vscode.workspace.asRelativePath(uri);
  const open = vscode.l10n.t('Open');
  const question = vscode.l10n.t(
    '"{0}" wants to open {1}, line {2}.',
    peer,
    lineText(shown, TEXT_LIMIT),
    line,
  );
  // The message stays when the call is withdrawn.
  if (!(await agrees(question, open, vscode.l10n.t('Leave It'))) || token.isCancellationRequested) {
    return { value: false };
  }
  try {
    const document = await vscode.workspace.openTextDocument(uri);
    const at = new vscode.Position(Math.min(line, document.lineCount) - 1, 0);
    await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at) });
    return { value: true };
  } catch {
    // Its own words may hold paths of this machine.
    return { error: vscode.l10n.t('The file cannot be opened as text') };
  }
}

/** A path that a peer names, where it is a file of the workspace. */
async function fileOf(path: string): Promise<vscode.Uri | undefined> {
  const isPlain = !path.split(/[\\/]/).includes('..') && !/^[a-z][a-z0-9+.-]+:/i.test(path);
  const folders = vscode.workspace.workspaceFolders ?? [];
  const isWhole = /^(?:[\\/]|[a-z]:[\\/])/i.test(path);
  const candidates = isWhole
    ? [vscode.Uri.file(path)]
    : folders.map(({ uri }) => vscode.Uri.joinPath(uri, path));
  for (const uri of isPlain ? candidates : []) {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    if (folder !== undefined && (await isFile(uri, folder.uri))) {
      return uri;
    }
  }
  return undefined;
}

/** Behind a link may lie anything, also behind one on the way from the folder. */
async function isFile(uri: vscode.Uri, folder: vscode.Uri): Promise<boolean> {
  const names = uri.path.slice(folder.path.length).split('/').filter(Boolean);
  try {
    let type = vscode.FileType.Directory;
    for (let way = folder; names.length > 0;) {
      way = vscode.Uri.joinPath(way, names.shift() ?? '');
      ({ type } = await vscode.workspace.fs.stat(way));
      if (type !== vscode.FileType.Directory && names.length > 0) {
        return false;
      }
    }
    return type === vscode.FileType.File;
  } catch {
    return false;
  }
}

/** A message that stands there cannot be closed: its answer is not waited for any more. */
async function unlessCancelled(
  answer: Promise<CallAnswer>,
  token: vscode.CancellationToken,
): Promise<CallAnswer> {
  let listener: vscode.Disposable | undefined;
  const cancelled = new Promise<CallAnswer>((resolve) => {
    listener = token.onCancellationRequested(() => resolve(NO_ANSWER));
  });
  try {
    return await Promise.race([answer, cancelled]);
  } finally {
    listener?.dispose();
  }
}
