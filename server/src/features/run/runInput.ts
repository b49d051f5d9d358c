import type { RunInputQuestion } from '../../api/model';
import { printed } from '../inspect/preview';
import { untilAborted } from '../pool/abort';

/** Asks the user for one line; `null` is the end of the input. */
export type AskUser = (question: RunInputQuestion, signal: AbortSignal) => Promise<string | null>;

/**
 * Called by the helper: what the run has printed on its last line, whether its first thread waits, and whether what is
 * typed is not to be seen.
 */
export type AskInput = (prompt: unknown, own: unknown, hidden?: unknown) => Promise<string | null | false>;

const MAX_PROMPT = 500;
/** Threads of one run that wait for the user; others find that the input has ended. */
const MAX_WAITING = 16;

interface Waiting {
  readonly own: boolean;
  readonly controller: AbortController;
}

/** What one run or call asks its user, one question after the other. */
export class RunInput {
  private readonly waiting = new Set<Waiting>();
  private last: Promise<unknown> = Promise.resolve();
  private over = false;

  constructor(
    private readonly runId: string,
    private readonly askUser: AskUser,
  ) {}

  /** For the helper. `false` stops who has asked. */
  readonly ask: AskInput = async (prompt, own, hidden) => {
    if (this.over || this.waiting.size >= MAX_WAITING) {
      return null;
    }
    const question = {
      runId: this.runId,
      prompt: typeof prompt === 'string' ? line(prompt) : '',
      ...(hidden === true ? { hidden } : {}),
    };
    const waiting: Waiting = { own: own === true, controller: new AbortController() };
    const { signal } = waiting.controller;
    this.waiting.add(waiting);
    const answer = this.last.then(() =>
      signal.aborted ? null : untilAborted(this.askUser(question, signal), signal),
    );
    this.last = answer.catch(() => undefined);
    try {
      const given = await answer;
      return signal.aborted ? false : given;
    } catch {
      // An editor that is gone gives no line.
      return signal.aborted ? false : null;
    } finally {
      this.waiting.delete(waiting);
    }
  };

  /** Stops who waits for the user; whether the first thread of the run was among them. */
  interrupt(): boolean {
    const waiting = [...this.waiting];
    for (const { controller } of waiting) {
      controller.abort();
    }
    return waiting.some(({ own }) => own);
  }

  /** The run has ended: what is still asked is asked of nobody. */
  dispose(): void {
    this.over = true;
    this.interrupt();
  }
}

function line(prompt: string): string {
  return printed(prompt.slice(-MAX_PROMPT)).replace(/\s+/g, ' ').trim();
}
