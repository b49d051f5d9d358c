/** What answers peers, put together as in the background process, with an editor that is a list of what it was told. */
import type {
  CallAnswer,
  CallEffect,
  CallNews,
  CallQuestion,
  CallRecord,
  ListenerNews,
} from '../../server/src/api/callbacks';
import type { Profile } from '../../server/src/api/model';
import { CallbackDoor } from '../../server/src/features/callbacks/callbackDoor';
import { Callbacks, type CallbacksOptions } from '../../server/src/features/callbacks/callbacks';
import { silentLogger } from '../../server/src/rpyc/index';

export class CallbackBench implements AsyncDisposable {
  /** By number: the newest state of each call. */
  readonly calls = new Map<number, CallRecord>();
  readonly effects: CallEffect[] = [];
  readonly questions: CallQuestion[] = [];
  readonly listeners: ListenerNews[] = [];
  readonly log: string[] = [];
  unlisted = 0;
  dropped = 0;
  batches = 0;
  /** The user; says yes unless a test has another one. */
  answer: (question: CallQuestion, signal: AbortSignal) => Promise<CallAnswer> = () =>
    Promise.resolve({ value: true });
  profiles: readonly Profile[] = [];
  readonly door: CallbackDoor;

  constructor(options: Partial<CallbacksOptions> = {}) {
    const logger = {
      ...silentLogger,
      warn: (text: string) => this.log.push(text),
      info: (text: string) => this.log.push(text),
    };
    this.door = new CallbackDoor({
      profile: (id) => this.profiles.find((profile) => profile.id === id),
      load: () =>
        Promise.resolve(
          new Callbacks({
            ask: (question, signal) => {
              this.questions.push(question);
              return this.answer(question, signal);
            },
            tell: (news) => this.take(news),
            tellListener: (news) => this.listeners.push(news),
            logger,
            ...options,
          }),
        ),
    });
  }

  /** All that was printed. */
  get printed(): string {
    return this.effects.map((effect) => (effect.kind === 'print' ? effect.text : '')).join('');
  }

  /** As `name(arguments) state answer`, the oldest first. */
  get lines(): readonly string[] {
    return [...this.calls.values()]
      .sort((a, b) => a.id - b.id)
      .map(({ name, args, state, answer }) => `${name}(${args}) ${state} ${answer}`.trim());
  }

  private take({ calls, effects, unlisted, dropped }: CallNews): void {
    this.batches += 1;
    for (const call of calls) {
      this.calls.set(call.id, call);
    }
    this.effects.push(...effects);
    this.unlisted += unlisted;
    this.dropped += dropped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.door.close();
  }
}
