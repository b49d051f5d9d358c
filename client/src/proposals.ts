import * as vscode from 'vscode';
import type * as Question from './proposalQuestion';

/**
 * The ways by which others propose a connection: a link `vscode://rpyc-explorer.rpyc-explorer/connect?…`, and the
 * function that other extensions call. Nothing is stored and nothing connects before the user agrees; what asks is
 * loaded when it is first needed.
 */
export class Proposals implements vscode.Disposable {
  private readonly handler: vscode.Disposable;
  /** A stranger must not be able to put questions over one another until somebody presses the wrong button. */
  private asking = false;

  constructor(private readonly parts: Question.ProposalParts) {
    this.handler = vscode.window.registerUriHandler({
      handleUri: async (uri) => {
        await this.inTurn(async () => {
          const { proposeByLink } = await this.load();
          return proposeByLink(this.parts, uri);
        });
      },
    });
  }

  /**
   * Proposes a connection to the user, for another extension.
   *
   * @param profile as in the setting `rpyc.profiles`, with an address only
   * @param by id of the extension that proposes; it is shown as its own word
   * @returns whether the user agreed, and it is listed now
   * @throws Error naming the field that cannot be proposed
   */
  proposeConnection(profile: unknown, by?: unknown): Promise<boolean> {
    return this.inTurn(async () => {
      const { proposeByExtension } = await this.load();
      return proposeByExtension(this.parts, profile, by);
    });
  }

  dispose(): void {
    this.handler.dispose();
  }

  private load(): Promise<typeof Question> {
    return import(/* webpackChunkName: "proposals" */ './proposalQuestion.js');
  }

  private async inTurn(propose: () => Promise<boolean>): Promise<boolean> {
    if (this.asking) {
      return false;
    }
    this.asking = true;
    try {
      return await propose();
    } finally {
      this.asking = false;
    }
  }
}
