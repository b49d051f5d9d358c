import type { WatchAnswer, WatchReading } from '../../api/watch';
import { ProblemError } from '../problem';
import type { RowFacts } from './rows';

/** A path that fails takes no other with it; a connection that ends takes all. */
export async function answerOf(read: () => Promise<RowFacts> | RowFacts): Promise<WatchAnswer> {
  try {
    return { reading: readingOf(await read()) };
  } catch (error) {
    if (error instanceof ProblemError) {
      return { problem: error.problem };
    }
    throw error;
  }
}

function readingOf({ kind, typeName, value, length, blocked }: RowFacts): WatchReading {
  return {
    kind,
    typeName,
    value,
    ...(length === undefined ? {} : { length }),
    ...(blocked === undefined ? {} : { blocked }),
  };
}
