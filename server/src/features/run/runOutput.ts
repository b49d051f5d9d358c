import type { RunOutput } from '../../api/model';
import { cut, printed } from '../inspect/preview';

/** More than the helper ever sends at once. */
const MAX_TEXT = 1_000_000;

/** What the helper sent as one burst of a run's output; undefined where it makes no sense, or is empty. */
export function outputOf(
  runId: string,
  stream: unknown,
  text: unknown,
  dropped: unknown,
): RunOutput | undefined {
  if ((stream !== 'stdout' && stream !== 'stderr') || typeof text !== 'string') {
    return undefined;
  }
  const lost = typeof dropped === 'number' && Number.isSafeInteger(dropped) && dropped > 0 ? dropped : 0;
  const shown = printed(cut(text, MAX_TEXT));
  return shown === '' && lost === 0 ? undefined : { runId, stream, text: shown, dropped: lost };
}
