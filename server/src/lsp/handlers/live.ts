import { LiveCallTip, LiveComplete, LiveExplain, LiveLook } from '../../api/messages';
import type { ProblemContext } from '../../features/connectSentences';
import type { LiveFeatures } from '../../features/live/liveFeatures';
import type { MessageEdge } from '../edge';

/** What a text is told while it is written. None of it fails: what cannot be told is `null`. */
export function handleLive(edge: MessageEdge, live: LiveFeatures): void {
  const about = (): ProblemContext => ({});
  edge.onRequest(LiveComplete, about, async (place, signal) => (await live.complete(place, signal)) ?? null);
  edge.onRequest(
    LiveExplain,
    about,
    async ({ profileId, path }, signal) => (await live.explain(profileId, path, signal)) ?? null,
  );
  edge.onRequest(LiveLook, about, async (place, signal) => (await live.look(place, signal)) ?? null);
  edge.onRequest(LiveCallTip, about, async (place, signal) => (await live.callTip(place, signal)) ?? null);
}
