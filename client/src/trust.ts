import * as vscode from 'vscode';
import { ProblemError } from './problems';

/**
 * Menus and the palette ask for trust; a command can come from elsewhere.
 *
 * @param why what is not done in Restricted Mode, and what to do, in one sentence
 * @throws ProblemError in Restricted Mode
 */
export function requireTrust(why: string): void {
  if (!vscode.workspace.isTrusted) {
    throw new ProblemError({ code: 'ERR_UNTRUSTED', message: why });
  }
}
