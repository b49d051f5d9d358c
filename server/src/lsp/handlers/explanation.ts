import { Explain } from '../../api/messages';
import { explain } from '../../features/explain/explain';
import type { MessageEdge } from '../edge';

/** What a traceback of any two programs means. */
export function handleExplanation(edge: MessageEdge): void {
  edge.onRequest(
    Explain,
    () => ({}),
    ({ text }) => explain(text),
  );
}
