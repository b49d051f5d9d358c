import * as vscode from 'vscode';
import { profileOfFailure } from '../../server/src/api/debugging';
import type { Problem } from '../../server/src/api/model';
import { showError } from './messageBoxes';

/** What the language client rejects with when the process at its other end is gone. */
const PROCESS_GONE = [-32_099, -32_097, -32_096];

/** The process ended before it answered. */
export const BACKEND_LOST = 'ERR_BACKEND_LOST';

/** A button beside a problem that does something about it. */
export interface Mend {
  readonly title: string;
  readonly run: () => Promise<unknown>;
}

/** A failure that can be told to the user as it is. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    readonly mend?: Mend,
  ) {
    super(problem.message);
    this.name = 'ProblemError';
  }
}

/** The problem in any error: as the background process told it, or a sentence that points at the log. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) {
    return error.problem;
  }
  const data: unknown = property(error, 'data');
  const code: unknown = property(data, 'code');
  const message: unknown = property(data, 'message');
  if (typeof code === 'string' && typeof message === 'string') {
    // Our own process made it, by the same types.
    return data as Problem;
  }
  if (PROCESS_GONE.includes(Number(property(error, 'code')))) {
    return backendLost();
  }
  return {
    code: 'ERR_INTERNAL',
    message: vscode.l10n.t('Something went wrong inside the RPyC extension: see the log for details.'),
    detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

export function backendLost(): Problem {
  return {
    code: BACKEND_LOST,
    message: vscode.l10n.t('The RPyC background process stopped unexpectedly: connect again.'),
  };
}

/** Somebody gave up waiting, which is nothing to complain about. */
export function isCancelled(error: unknown): boolean {
  const LSP_CANCELLED = [-32800, -32802];
  const code = property(error, 'code');
  return (
    error instanceof vscode.CancellationError ||
    (typeof code === 'number' && LSP_CANCELLED.includes(code)) ||
    problemOf(error).code === 'ERR_CANCELLED'
  );
}

/** Tells a problem that stopped something the user asked for. */
export async function showProblem(problem: Problem, mend?: Mend): Promise<void> {
  const logButton = vscode.l10n.t('Show Log');
  const { failure } = problem;
  const debug = failure === undefined ? [] : [vscode.l10n.t('Open in Debugger')];
  const buttons = mend === undefined ? debug : [mend.title, ...debug];
  const choice = await showError(problem.message, ...buttons, logButton);
  if (choice === logButton) {
    await vscode.commands.executeCommand('rpyc.showLog');
  } else if (failure !== undefined && choice === debug[0]) {
    await openFailure(failure);
  } else if (choice !== undefined) {
    await mend?.run();
  }
}

/** Opens an error in the debugger. @param failure its name */
export async function openFailure(failure: string): Promise<void> {
  await vscode.commands.executeCommand('rpyc.showLastError', profileOfFailure(failure), failure);
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined;
}
