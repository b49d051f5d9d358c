import type { ConnectionStatus } from '../../server/src/api/model';

/** In which states of a connection a command is offered: in lists to pick from, and by context keys in menus. */
export const OFFERED_IN = {
  // While the next attempt is waited for, connecting means not to wait.
  connect: ['disconnected', 'failed', 'lost', 'reconnecting'],
  cancelConnecting: ['connecting', 'reconnecting'],
  disconnect: ['connected', 'connecting', 'reconnecting', 'lost'],
} as const satisfies Readonly<Record<string, readonly ConnectionStatus[]>>;

export type OfferedCommand = keyof typeof OFFERED_IN;

export function isOffered(command: OfferedCommand, status: ConnectionStatus): boolean {
  const statuses: readonly ConnectionStatus[] = OFFERED_IN[command];
  return statuses.includes(status);
}
