import { Explain } from '../../api/messages';
import type { MessageEdge } from '../edge';

/** What a traceback of any two programs means. The rules are loaded when somebody asks. */
export function handleExplanation(edge: MessageEdge): void {
  edge.onRequest(
    Explain,
    () => ({}),
    async ({ text }) => {
      const { explain } = await import(/* webpackChunkName: "explain" */ '../../features/explain/explain.js');
      return explain(text);
    },
  );
}
