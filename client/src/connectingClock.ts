import type { ConnectionState } from '../../server/src/api/model';

const SECOND_MS = 1000;

/** Since when each connection is being made. Ticks once a second as long as one is. */
export class ConnectingClock {
  private readonly since = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  /** @param tick another second has passed for a connection */
  constructor(private readonly tick: (profileId: string) => void) {}

  /** Takes the newest state of a connection. */
  note({ profileId, status, stage }: ConnectionState): void {
    const isTrying = status === 'connecting' || (status === 'reconnecting' && stage !== undefined);
    if (!isTrying) {
      this.since.delete(profileId);
    } else if (!this.since.has(profileId)) {
      this.since.set(profileId, performance.now());
    }
    if (this.since.size === 0) {
      this.dispose();
    } else {
      this.timer ??= setInterval(() => [...this.since.keys()].forEach(this.tick), SECOND_MS);
    }
  }

  /** Whole seconds that it has taken so far; 0 where it is not being made. */
  seconds(profileId: string): number {
    const since = this.since.get(profileId);
    return since === undefined ? 0 : Math.floor((performance.now() - since) / SECOND_MS);
  }

  dispose(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
