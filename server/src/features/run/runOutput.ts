import type { RunOutput } from '../../api/model';
import { cut, printed } from '../inspect/preview';

/** More than the helper ever sends at once. */
const MAX_TEXT = 1_000_000;
const MAX_PIECES = 10_000;

/**
 * What the helper sent as one burst of a run's output, in order; what makes no sense, or is empty, is passed over.
 *
 * @param pieces pairs of stream and text
 * @param dropped number of characters that were lost before them
 * @param clean makes a text fit for the place where it is shown
 */
export function outputsOf(
  runId: string,
  pieces: unknown,
  dropped: unknown,
  clean = printed,
): readonly RunOutput[] {
  const outputs: RunOutput[] = [];
  let lost = typeof dropped === 'number' && Number.isSafeInteger(dropped) && dropped > 0 ? dropped : 0;
  let left = MAX_TEXT;
  for (const piece of Array.isArray(pieces) ? (pieces as unknown[]).slice(0, MAX_PIECES) : []) {
    if (left === 0) {
      break;
    }
    const [stream, text] = Array.isArray(piece) ? (piece as unknown[]) : [];
    if ((stream !== 'stdout' && stream !== 'stderr') || typeof text !== 'string') {
      continue;
    }
    const shown = clean(cut(text, left));
    left = Math.max(left - text.length, 0);
    if (shown !== '' || lost > 0) {
      outputs.push({ runId, stream, text: shown, dropped: lost });
      lost = 0;
    }
  }
  return outputs;
}
