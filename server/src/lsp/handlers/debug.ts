import { DebugClose, DebugOpen, DebugReceive, DebugSend } from '../../api/messages';
import type { MessageEdge } from '../edge';

/** One debug session, whatever it does with its messages. */
export interface DebugSessionEnd {
  handle(message: unknown): void;
  dispose(): void;
}

/** Makes a session. @param send takes its messages to the editor */
export type OpenDebugSession = (send: (message: object) => void) => Promise<DebugSessionEnd>;

/** As much of the edge as relaying takes. */
export type DebugEdge = Pick<MessageEdge, 'onRequest' | 'onNotification' | 'notify'>;

/** Relays the messages of debug sessions, opaque and in order. */
export function handleDebugging(edge: DebugEdge, open: OpenDebugSession): void {
  const sessions = new Map<string, DebugSessionEnd>();
  /** Those whose code is still loaded. */
  const opening = new Set<string>();
  edge.onRequest(
    DebugOpen,
    () => ({}),
    async ({ session }) => {
      opening.add(session);
      const opened = await open((message) => edge.notify(DebugReceive, { session, message }));
      if (!opening.delete(session)) {
        // It was closed meanwhile.
        opened.dispose();
        return null;
      }
      sessions.get(session)?.dispose();
      sessions.set(session, opened);
      return null;
    },
  );
  edge.onNotification(DebugSend, ({ session, message }) => sessions.get(session)?.handle(message));
  edge.onNotification(DebugClose, ({ session }) => {
    opening.delete(session);
    sessions.get(session)?.dispose();
    sessions.delete(session);
  });
}
