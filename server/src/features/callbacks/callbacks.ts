import type { ListenerInfo, ListenerNews, ListenParams } from '../../api/callbacks';
import type { Connection, Logger, ServiceClass } from '../../rpyc/index';
import { CallDesk, type CallDeskOptions } from './callDesk';
import {
  ConnectedRoot,
  type EditorRoot,
  type EditorRootOptions,
  type LentEditor,
  withPublicName,
} from './editorRoot';
import { Listener, type ListenerTimings } from './listener';

export interface CallbacksOptions extends CallDeskOptions {
  readonly tellListener: (news: ListenerNews) => void;
  readonly logger: Logger;
  readonly timings?: Partial<ListenerTimings>;
}

/** All that answers peers: the desk that their calls come to, and the listener that lets them come to us. */
export class Callbacks {
  private readonly roots = new WeakMap<Connection, EditorRoot>();
  private readonly desk: CallDesk;
  private listener: Listener | undefined;
  /** One change after the other. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: CallbacksOptions) {
    this.desk = new CallDesk(options);
    this.desk.onDidCall = () => this.listener?.touch();
  }

  /** What each connection of a profile offers its peer. */
  rootFor(options: Omit<EditorRootOptions, 'answerer'>): ServiceClass {
    const { desk, roots } = this;
    return withPublicName(
      class extends ConnectedRoot {
        constructor() {
          super({ ...options, answerer: desk }, (connection, root) => roots.set(connection, root));
        }
      },
    );
  }

  /** For the helper of a classic peer. */
  lentTo(connection: Connection): LentEditor | undefined {
    return this.roots.get(connection)?.lent;
  }

  setPaused(paused: boolean): void {
    this.desk.setPaused(paused);
  }

  /**
   * Listens; a listener that is there ends first.
   *
   * @throws ProblemError
   */
  listen(params: ListenParams): Promise<ListenerInfo> {
    return this.change(async () => {
      const { desk, listener: before } = this;
      const { ask, logger, timings, tellListener } = this.options;
      this.listener = undefined;
      await before?.close();
      if (before !== undefined) {
        // The next one may not come to be.
        tellListener({});
      }
      const listener = await Listener.start(params, {
        answerer: desk,
        isPaused: () => desk.isPaused,
        ask,
        logger,
        timings,
        onDidChange: (info) => tellListener({ listener: info }),
        onDidIdle: () => void this.stopListening(true),
      });
      this.listener = listener;
      tellListener({ listener: listener.info });
      return listener.info;
    });
  }

  stopListening(idle = false): Promise<void> {
    return this.change(async () => {
      const ended = this.listener;
      this.listener = undefined;
      await ended?.close();
      if (ended !== undefined) {
        this.options.tellListener(idle ? { idle } : {});
      }
    });
  }

  async close(): Promise<void> {
    await this.stopListening();
    this.desk.dispose();
  }

  private change<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => undefined);
    return done;
  }
}
