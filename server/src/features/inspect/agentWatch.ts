import type { ObjectPath } from '../../api/model';
import type { WatchAnswer } from '../../api/watch';
import type { Agent } from '../agent';
import { ProblemError } from '../problem';
import { accepted, wayAlong } from './agentSource';
import { ShapeError, asTuple, readRow } from './rows';
import { notRunError } from './treeProblems';
import { answerOf } from './watchAnswers';

/**
 * One round trip. It is never given up, so that nobody asks again while the peer still works on it.
 *
 * @param evaluate whether properties are run
 */
export async function watchByAgent(
  agent: Agent,
  paths: readonly ObjectPath[],
  evaluate: boolean,
): Promise<readonly WatchAnswer[]> {
  const ways = paths.map(wayAlong).map(({ base, steps }) => [base, steps]);
  const [answers] = accepted(await agent.ask('watch', [ways, evaluate], { timeoutSeconds: null }));
  const told = asTuple(answers, 'list of answers');
  if (told.length !== paths.length) {
    throw new ShapeError('number of answers');
  }
  return Promise.all(told.map((answer) => answerOf(() => readRow(found(answer)[0]))));
}

function found(answer: unknown): readonly unknown[] {
  try {
    return accepted(answer);
  } catch (error) {
    throw error instanceof ProblemError && error.problem.code === 'ERR_UNREAD' ? notRunError() : error;
  }
}
