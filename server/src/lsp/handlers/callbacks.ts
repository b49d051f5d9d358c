import { PauseCallbacks, StartListening, StopListening } from '../../api/messages';
import type { CallbackDoor } from '../../features/callbacks/callbackDoor';
import type { MessageEdge } from '../edge';

/** Which calls of peers are answered, and where peers may come. What they do is told by `Server`. */
export function handleCallbacks(edge: MessageEdge, door: CallbackDoor): void {
  edge.onNotification(PauseCallbacks, ({ paused }) => door.pause(paused));
  edge.onRequest(
    StartListening,
    () => ({}),
    (params) => door.listen(params),
  );
  edge.onRequest(
    StopListening,
    () => ({}),
    async () => {
      await door.stopListening();
      return null;
    },
  );
}
