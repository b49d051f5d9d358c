import * as vscode from 'vscode';
import { messageText } from './displayText';
import { showInformation } from './messageBoxes';
import { isCancelled } from './problems';

/** What takes longer shows that it goes on, and can be left. */
const QUICK_MS = 800;

/**
 * Waits for something that runs code of the peer, which may take long.
 *
 * @param stopped what to say when the user stops waiting; the peer goes on
 * @returns undefined where the user has stopped waiting
 */
export async function withPatience<T>(
  title: string,
  stopped: string,
  ask: (token: vscode.CancellationToken) => Promise<T>,
): Promise<T | undefined> {
  const source = new vscode.CancellationTokenSource();
  try {
    const asked = ask(source.token);
    const over = asked.then(
      () => undefined,
      () => undefined,
    );
    if (await lastsLonger(over)) {
      void vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: messageText(title), cancellable: true },
        (_progress, token) => {
          token.onCancellationRequested(() => source.cancel());
          return over;
        },
      );
    }
    return await asked;
  } catch (error) {
    if (!source.token.isCancellationRequested || !isCancelled(error)) {
      throw error;
    }
    void showInformation(stopped);
    return undefined;
  } finally {
    source.dispose();
  }
}

async function lastsLonger(over: Promise<void>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), QUICK_MS);
  });
  const first = await Promise.race([over.then(() => false), late]);
  clearTimeout(timer);
  return first;
}
