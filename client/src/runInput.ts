import * as vscode from 'vscode';
import type { RunInputQuestion } from '../../server/src/api/model';
import { pickText } from './displayText';
import { askLine } from './messageBoxes';
import { Turns } from './turns';

const PROMPT_LIMIT = 300;
const LABEL_LIMIT = 60;

/** A box that opens closes the one before it, and so would end the input of another run. */
const turns = new Turns();

/**
 * Asks the user for the line that a run waits for.
 *
 * @param label of the connection
 * @param token the run waits no more
 * @returns null where the user gives none: for the run its input has ended
 */
export function askForLine(
  question: RunInputQuestion,
  label: string,
  token: vscode.CancellationToken,
): Promise<string | null> {
  return turns.take(async () => (token.isCancellationRequested ? null : ask(question, label, token)));
}

async function ask(
  question: RunInputQuestion,
  label: string,
  token: vscode.CancellationToken,
): Promise<string | null> {
  const line = await askLine(
    {
      title: vscode.l10n.t('Code on "{0}" asks for a line', pickText(label, LABEL_LIMIT)),
      prompt:
        pickText(question.prompt, PROMPT_LIMIT) || vscode.l10n.t('Enter sends it, Escape ends the input.'),
      // The run goes on waiting, whatever else the user looks at.
      ignoreFocusOut: true,
    },
    token,
  );
  return line ?? null;
}
