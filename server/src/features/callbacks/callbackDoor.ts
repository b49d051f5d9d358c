import type { ListenerInfo, ListenParams } from '../../api/callbacks';
import type { Profile } from '../../api/model';
import type { Connection, ServiceClass } from '../../rpyc/index';
import type { Callbacks } from './callbacks';
import type { LentEditor } from './editorRoot';

export interface CallbackDoorOptions {
  /** The profile as it is now; undefined where it is gone. */
  readonly profile: (id: string) => Profile | undefined;
  readonly load: () => Promise<Callbacks>;
}

/** The way to all that answers peers: nothing of it is loaded before somebody calls, or is to be listened for. */
export class CallbackDoor {
  private loading: Promise<Callbacks> | undefined;
  private loaded: Callbacks | undefined;
  private paused = false;

  constructor(private readonly options: CallbackDoorOptions) {}

  /**
   * What a connection of this profile offers its peer; undefined where that is nothing. Names that are added later
   * count for the next connection, names that are taken away are refused at once.
   */
  async rootFor({ id, expose = [] }: Profile): Promise<ServiceClass | undefined> {
    if (expose.length === 0) {
      return undefined;
    }
    const callbacks = await this.load();
    return callbacks.rootFor({
      label: () => this.options.profile(id)?.label ?? id,
      allows: (name) =>
        expose.some((own) => own === name) &&
        this.options.profile(id)?.expose?.some((own) => own === name) === true,
    });
  }

  /** For the helper of a classic peer. */
  lentTo(connection: Connection): LentEditor | undefined {
    return this.loaded?.lentTo(connection);
  }

  /** Stops answering, or goes on. */
  pause(paused: boolean): void {
    this.paused = paused;
    this.loaded?.setPaused(paused);
  }

  /** @throws ProblemError */
  async listen(params: ListenParams): Promise<ListenerInfo> {
    return (await this.load()).listen(params);
  }

  async stopListening(): Promise<void> {
    await (await this.loading)?.stopListening();
  }

  async close(): Promise<void> {
    await (await this.loading)?.close();
  }

  private load(): Promise<Callbacks> {
    this.loading ??= this.options.load().then((callbacks) => {
      callbacks.setPaused(this.paused);
      this.loaded = callbacks;
      return callbacks;
    });
    return this.loading;
  }
}
