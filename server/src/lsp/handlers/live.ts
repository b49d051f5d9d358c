import { LiveCallTip, LiveComplete, LiveExplain, LiveLook } from '../../api/messages';
import type { RequestMessage } from '../../api/messages';
import type { LiveFeatures } from '../../features/live/liveFeatures';
import type { MessageEdge } from '../edge';

/** Loads what answers when it is first asked. */
export type LoadLive = () => Promise<LiveFeatures>;

/** What a text is told while it is written. None of it fails: what cannot be told is `null`. */
export function handleLive(edge: MessageEdge, load: LoadLive): void {
  const answer = <Params, Result>(
    message: RequestMessage<Params, Result | null>,
    ask: (live: LiveFeatures, params: Params, signal: AbortSignal) => Promise<Result | undefined>,
  ): void => {
    edge.onRequest(
      message,
      () => ({}),
      async (params, signal) => (await ask(await load(), params, signal)) ?? null,
    );
  };
  answer(LiveComplete, (live, place, signal) => live.complete(place, signal));
  answer(LiveExplain, (live, { profileId, path }, signal) => live.explain(profileId, path, signal));
  answer(LiveLook, (live, place, signal) => live.look(place, signal));
  answer(LiveCallTip, (live, place, signal) => live.callTip(place, signal));
}
