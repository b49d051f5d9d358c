import { ObjectRelease } from '../../server/src/api/messages';
import type { HeldValue } from '../../server/src/api/model';
import type { Backend } from './backend';

/** Values of runs that are held on their peers at once: the oldest are let go for newer ones. */
const LIMIT = 30;

/** What is held of a run's value for as long as somebody uses it. */
export class RunValue {
  private users = 0;
  private held: HeldValue | undefined;

  /** @param title where its code stands */
  constructor(
    readonly runId: string,
    readonly profileId: string,
    readonly title: string,
    held: HeldValue,
    private readonly letGo: (held: HeldValue) => void,
  ) {
    this.held = held;
  }

  /** Undefined once it was let go. */
  get parts(): HeldValue | undefined {
    return this.held;
  }

  /** Keeps it until what is returned is disposed. */
  use(): { dispose(): void } {
    let isUsed = true;
    this.users += 1;
    return {
      dispose: () => {
        this.users -= isUsed ? 1 : 0;
        isUsed = false;
        if (this.users === 0) {
          this.drop();
        }
      },
    };
  }

  /** Lets it go, whoever uses it. */
  drop(): void {
    const { held } = this;
    this.held = undefined;
    if (held !== undefined) {
      this.letGo(held);
    }
  }
}

/** The values of runs that are still held. */
export class RunValues {
  private readonly values = new Map<string, RunValue>();

  constructor(private readonly backend: Pick<Backend, 'notify'>) {}

  /** The one of a run, or the newest one that fits. */
  find(runId: string | undefined, fits: (held: HeldValue) => boolean): RunValue | undefined {
    const values = [...this.values.values()].filter(({ parts }) => parts !== undefined && fits(parts));
    return runId === undefined ? values.at(-1) : values.find((value) => value.runId === runId);
  }

  /** @returns what goes when nobody uses it any more */
  add({
    runId,
    profileId,
    title,
    held,
  }: Pick<RunValue, 'runId' | 'profileId' | 'title'> & { held: HeldValue }): RunValue {
    const value = new RunValue(runId, profileId, title, held, ({ value: own, shown }) => {
      this.values.delete(runId);
      const handles = [own, shown?.handle.id === own?.id ? undefined : shown?.handle];
      this.backend.notify(ObjectRelease, { handles: handles.filter((handle) => handle !== undefined) });
    });
    this.values.set(runId, value);
    for (const oldest of this.values.values()) {
      if (this.values.size <= LIMIT) {
        break;
      }
      oldest.drop();
    }
    return value;
  }
}
