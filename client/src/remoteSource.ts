import * as vscode from 'vscode';
import { ObjectSourceCode } from '../../server/src/api/messages';
import type { SourceCode } from '../../server/src/api/documents';
import { mappedPaths } from '../../server/src/api/pathMapping';
import { isLocalPath } from './localPath';
import { pathMappingsOf } from './pathMappings';
import type { RowActionParts } from './rowActions';
import type { ObjectRow } from './rows';

/** Files of the workspace of the same name that are looked into. */
const CANDIDATES = 20;

/** Opens the source of an object: a local file where one has the same text, else what the peer has, read-only. */
export async function openSource(
  { backend, view, documents, connections }: RowActionParts,
  row: ObjectRow,
): Promise<void> {
  const code = await view.model.withFreshHandle(row, (handle) =>
    backend.request(ObjectSourceCode, { handle }),
  );
  const name = code.file.split(/[\\/]/).at(-1) ?? code.file;
  const mapped = mappedPaths(code.file, pathMappingsOf(connections, row.profileId));
  const uri = (await localFile(code, name, mapped)) ?? documents.add(name, '.py', code.text);
  const document = await vscode.workspace.openTextDocument(uri);
  const shown =
    document.languageId === 'python'
      ? document
      : await vscode.languages.setTextDocumentLanguage(document, 'python');
  const at = new vscode.Position(Math.min(code.line, shown.lineCount) - 1, 0);
  const editor = await vscode.window.showTextDocument(shown, { selection: new vscode.Range(at, at) });
  editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

/** A file here with the very text that the peer has: where it is mapped, at the same path, or of the same name in the workspace. */
async function localFile(
  { file, text, truncated }: SourceCode,
  name: string,
  mapped: readonly string[],
): Promise<vscode.Uri | undefined> {
  if (truncated || !/^[\w.-]+$/.test(name)) {
    return undefined;
  }
  const known = [...mapped, ...(isLocalPath(file) ? [file] : [])].map((path) => vscode.Uri.file(path));
  return (
    (await firstWith(known, text)) ??
    firstWith(await vscode.workspace.findFiles(`**/${name}`, undefined, CANDIDATES), text)
  );
}

/** The first of these files that has this text. */
async function firstWith(uris: readonly vscode.Uri[], text: string): Promise<vscode.Uri | undefined> {
  for (const uri of uris) {
    try {
      const bytes = await vscode.workspace.fs.readFile(uri);
      if (sameText(new TextDecoder().decode(bytes), text)) {
        return uri;
      }
    } catch {
      // There is no such file here.
    }
  }
  return undefined;
}

function sameText(left: string, right: string): boolean {
  return left.replace(/\r\n/g, '\n') === right.replace(/\r\n/g, '\n');
}
