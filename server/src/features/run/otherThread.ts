/**
 * What runs in another thread of the peer than the one that serves its connection: a worker of its own, or the main
 * thread of the program that the peer is a guest in. Loaded with the first such run.
 */
import type { RunThread } from '../../api/model';
import { type Connection, EOFError } from '../../rpyc/index';
import { type Agent, type EmitOutput, QUESTION_SECONDS } from '../agent';
import { asLine, asText, asTuple } from '../inspect/rows';
import { ProblemError, cancelled } from '../problem';
import { readError } from './runError';

/** After so long a run says that it waits for its thread. */
const WAIT_MS = 3000;
const MAX_TITLE = 200;

export interface AwayRunOptions {
  readonly connection: Connection;
  readonly agent: Agent;
  readonly runOn: RunThread;
  readonly runId: string;
  readonly emit: EmitOutput;
  /** What the user calls the connection. */
  readonly label: string;
}

/** One run, call or evaluation in another thread. The connection answers other questions meanwhile. */
export class AwayRun {
  private away = false;
  private begun = false;
  private resolve: (answer: unknown) => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;
  private readonly outcome = new Promise<unknown>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor(private readonly options: AwayRunOptions) {}

  /** Another thread does it, or is to do it: the connection's own is free. */
  get isAway(): boolean {
    return this.away;
  }

  /**
   * Has it done, and waits for as long as it takes.
   *
   * @throws ProblemError where there is no such thread, or it was taken back; EOFError where the connection ends
   */
  async perform(method: string, args: readonly unknown[]): Promise<unknown> {
    const { connection, agent, runOn, runId } = this.options;
    const main = runOn.thread === 'main' ? runOn : undefined;
    const place = [runOn.thread, main?.host ?? '', main?.post ?? ''];
    const listener = connection.onDidClose((error) =>
      this.reject(error ?? new EOFError('The connection was closed')),
    );
    // It may be settled while the answer is on its way.
    this.outcome.catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const tell = (what: unknown, answer: unknown): void => {
      clearTimeout(timer);
      this.begun = true;
      this.hear(what, answer);
    };
    try {
      const answer = await agent.ask('begin', [...place, runId, tell, method, args], {
        timeoutSeconds: null,
      });
      const [status, where, what] = asTuple(answer, 'answer');
      if (status !== 'ok') {
        throw this.refusal(asText(status, 'status'), asLine(where, MAX_TITLE));
      }
      if (where === 'here') {
        return what;
      }
      this.away = true;
      if (!this.begun) {
        const title = asLine(what, MAX_TITLE);
        timer = setTimeout(() => this.sayThatItWaits(title), WAIT_MS);
      }
      return await this.outcome;
    } finally {
      clearTimeout(timer);
      listener.dispose();
      this.away = false;
    }
  }

  /** Keeps it from running, where it has not begun yet. */
  async takeBack(): Promise<boolean> {
    if (this.begun) {
      return false;
    }
    const { agent, runId } = this.options;
    const answer = await agent.ask('take_back', [runId], { timeoutSeconds: QUESTION_SECONDS });
    const isBack = asTuple(answer, 'answer')[1] === true;
    if (isBack) {
      this.reject(new ProblemError(cancelled()));
    }
    return isBack;
  }

  private hear(what: unknown, answer: unknown): void {
    if (what === 'ended') {
      this.resolve(answer);
    } else if (what === 'raised') {
      this.reject(this.raised(answer));
    }
  }

  private raised(answer: unknown): Error {
    try {
      const { typeName, message } = readError(answer);
      const what = `${typeName}: ${message}`;
      return new ProblemError({
        code: 'ERR_REMOTE',
        message: `It raised an exception when it had ended: ${what}`,
      });
    } catch (error) {
      return error as Error;
    }
  }

  private sayThatItWaits(title: string): void {
    const whose = title === '' ? 'a thread' : `the main thread of ${title}`;
    const text = `Waiting for ${whose}, which has not come round for ${WAIT_MS / 1000} s. Interrupt the run to give it up.\n`;
    this.options.emit([['stderr', text]], 0);
  }

  private refusal(status: string, title: string): ProblemError {
    return new ProblemError({ code: 'ERR_THREAD', message: this.sentence(status, title) });
  }

  private sentence(status: string, title: string): string {
    const { label } = this.options;
    const mend = 'choose another one, or another thread, with “Choose Thread for Runs…”.';
    switch (status) {
      case 'absent':
        return `The process of “${label}” is not ${title}, or has no window, so that no main thread takes a run: ${mend}`;
      case 'background':
        return `${title} runs without a window in the process of “${label}”, where its timers never fire: ${mend}`;
      case 'several':
        return `The process of “${label}” may be any of ${title}: name the host program with “Choose Thread for Runs…”.`;
      case 'unknown':
        return `No host program was recognised in the process of “${label}”: name it, or choose another thread, with “Choose Thread for Runs…”.`;
      default:
        return `The main thread of “${label}” could not be given the run (${title}): ${mend}`;
    }
  }
}
