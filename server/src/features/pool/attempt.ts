import type { ConnectionStage } from '../../api/model';

/** An attempt to connect that any number of callers wait for. */
export interface Attempt {
  readonly controller: AbortController;
  readonly finished: Promise<void>;
  /** Goes on although nobody waits for it. */
  readonly unattended: boolean;
  waiters: number;
}

const STAGES: readonly ConnectionStage[] = ['resolve', 'connect', 'tls', 'authenticate', 'handshake', 'root'];

/** Whether the first of these stages comes after the other. */
export function isLater(next: ConnectionStage, stage: ConnectionStage): boolean {
  return STAGES.indexOf(next) > STAGES.indexOf(stage);
}
