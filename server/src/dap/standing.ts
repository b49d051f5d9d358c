import type { RemoteConsole, SnapshotSource } from '../features/console/remoteConsole';
import { ProblemError, notClassic } from '../features/problem';
import type { Failure, Failures } from '../features/run/failures';
import { ShownError } from './dispatcher';
import type { Standing } from './stacks';
import { liveStack, toldStacks } from './stories';

export interface StandingParts {
  readonly profileId: string;
  readonly generation: number;
  readonly label: string;
  readonly console: RemoteConsole;
  readonly failures: Failures;
}

/** What is shown, and why it is less than it could be. */
export interface Shown {
  readonly standing: Standing;
  readonly note?: string;
}

/**
 * Has an error stand still, with its frames where the peer keeps them, else as its traceback tells them.
 *
 * @param name of the error; without it the last one of the connection is meant
 */
export async function standAtFailure(parts: StandingParts, name: string | undefined): Promise<Shown> {
  const { profileId, generation, label, console, failures } = parts;
  const failure = name === undefined ? failures.newest(profileId) : failures.find(name);
  const { snapshots } = console;
  if (failure === undefined) {
    if (name !== undefined) {
      throw new ShownError('This error is not known any more: run again what failed, and open it then.');
    }
    if (snapshots === undefined) {
      throw new ShownError(`Nothing has failed on “${label}” yet.`);
    }
    return { standing: await kept(snapshots, label, 0) };
  }
  if (snapshots === undefined) {
    const note = `“${label}” is a service, which shows no frames: these come from the text of its traceback, without their variables.`;
    return { standing: told(failure, label), note };
  }
  if (failure.generation !== generation) {
    const note = `The connection on which this failed has ended, and its frames with it: these come from the text of its traceback, without their variables.`;
    return { standing: told(failure, label), note };
  }
  try {
    if (failure.number !== undefined) {
      return { standing: { ...(await kept(snapshots, label, failure.number)), error: failure.error } };
    }
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.code !== 'ERR_GONE') {
      throw error;
    }
  }
  const note = `“${label}” does not keep the frames of this error any more, since newer errors took their place: these come from the text of its traceback, without their variables.`;
  return { standing: told(failure, label), note };
}

/** Has all threads of the peer stand still. */
export async function standAtThreads({ console, label }: StandingParts): Promise<Standing> {
  if (console.snapshots === undefined) {
    throw new ProblemError(notClassic(label));
  }
  const snapshot = await console.snapshots.take('stacks');
  return {
    kind: 'stacks',
    snapshot,
    stacks: snapshot.threads.map(({ name, count }) => ({ name, above: [], below: [], live: count })),
  };
}

async function kept(snapshots: SnapshotSource, label: string, number: number): Promise<Standing> {
  const snapshot = await snapshots.take('failure', number);
  return {
    kind: 'failure',
    snapshot,
    stacks: snapshot.threads.map((thread) => liveStack(thread, label)),
  };
}

function told({ error }: Failure, label: string): Standing {
  return { kind: 'failure', stacks: toldStacks(error, label), error };
}
