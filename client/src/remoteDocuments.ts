import * as vscode from 'vscode';

/** Documents of this scheme hold what was read from a peer, and can only be read. */
export const REMOTE_SCHEME = 'rpyc';

/** Gives the texts that were read from peers to the editors that show them, for as long as one of them is open. */
export class RemoteDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private last = 0;
  private readonly registrations = vscode.Disposable.from(
    vscode.workspace.registerTextDocumentContentProvider(REMOTE_SCHEME, this),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => this.texts.delete(uri.toString())),
  );

  /** @param name what the title of its editor is @returns the address of a document with this text */
  add(name: string, ending: string, text: string): vscode.Uri {
    this.last += 1;
    const file = name.replace(/[\\/]/g, '\u2215');
    const path = `/${file.endsWith(ending) ? file : `${file}${ending}`}`;
    const uri = vscode.Uri.from({ scheme: REMOTE_SCHEME, path, query: String(this.last) });
    this.texts.set(uri.toString(), text);
    return uri;
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.texts.get(uri.toString()) ??
      vscode.l10n.t(
        '# This text was read from a server before: open it again from its row in the Remote view.',
      )
    );
  }

  dispose(): void {
    this.registrations.dispose();
    this.texts.clear();
  }
}
