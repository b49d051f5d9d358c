import type { DebugProtocol } from '@vscode/debugprotocol';

import type { RemoteFrame, RunError } from '../api/model';
import type { FramePlace, Snapshot } from '../features/console/remoteConsole';
import { rpycFile } from '../features/explain/traceback';
import type { Sources } from './sources';
import type { Stack, Told } from './stories';

/** Frames of one thread have numbers in a row. */
const FRAMES_EACH = 10_000;
const AT_ONCE = 200;

/** The connection itself stands for one thread, whose one frame is its namespace. */
export const THREAD = 1;
export const FRAME = 1;

/** What is shown as if it stood still. */
export interface Standing {
  readonly kind: 'failure' | 'stacks';
  readonly stacks: readonly Stack[];
  /** Where there are frames at the peer. */
  readonly snapshot?: Snapshot;
  readonly error?: RunError;
}

export interface StacksOptions {
  readonly label: string;
  readonly sources: Sources;
  /** Some frames that are kept at the peer. */
  readonly frames: (
    snapshot: Snapshot,
    thread: number,
    start: number,
    count: number,
  ) => Promise<readonly RemoteFrame[]>;
}

/** Threads and frames as the editor asks for them: what stands still, or the one that stands for the connection. */
export class Stacks {
  standing: Standing | undefined;

  constructor(private readonly options: StacksOptions) {}

  threads(): DebugProtocol.Thread[] {
    return this.standing === undefined
      ? [{ id: THREAD, name: this.options.label }]
      : this.standing.stacks.map(({ name }, index) => ({ id: THREAD + index, name }));
  }

  /** Innermost first. */
  async frames({
    threadId,
    startFrame = 0,
    levels = 0,
  }: DebugProtocol.StackTraceArguments): Promise<DebugProtocol.StackTraceResponse['body']> {
    const { standing } = this;
    if (standing === undefined) {
      const frame = { id: FRAME, name: `Console of ${this.options.label}`, line: 0, column: 0 };
      return { stackFrames: [frame], totalFrames: 1 };
    }
    const thread = threadId - THREAD;
    const stack = standing.stacks[thread];
    if (stack === undefined) {
      return { stackFrames: [], totalFrames: 0 };
    }
    const { above, below, live } = stack;
    const totalFrames = above.length + live + below.length;
    const end = Math.min(totalFrames, levels === 0 ? totalFrames : startFrame + levels);
    const stackFrames = [
      ...(await this.toldFrames(above.slice(startFrame, end))),
      ...(await this.liveFrames(standing, thread, startFrame - above.length, end - above.length, live)),
      ...(await this.toldFrames(
        below.slice(Math.max(startFrame - above.length - live, 0), Math.max(end - above.length - live, 0)),
      )),
    ].map((frame, index) => ({ id: FRAME + FRAMES_EACH * (thread + 1) + startFrame + index, ...frame }));
    return { stackFrames, totalFrames };
  }

  /**
   * The frame at the peer that a number of the editor means; undefined for the connection's own.
   *
   * @returns `told` for one that is known by a text only
   */
  placeOf(frameId: number | undefined): FramePlace | 'told' | undefined {
    const number = (frameId ?? FRAME) - FRAME;
    if (this.standing === undefined || number < FRAMES_EACH) {
      return undefined;
    }
    const { stacks, snapshot } = this.standing;
    const thread = Math.floor(number / FRAMES_EACH) - 1;
    const { above = [], live = 0 } = stacks[thread] ?? {};
    const frame = (number % FRAMES_EACH) - above.length;
    return snapshot === undefined || frame < 0 || frame >= live
      ? 'told'
      : { snapshot: snapshot.number, thread, frame };
  }

  private async liveFrames(
    { snapshot }: Standing,
    thread: number,
    from: number,
    to: number,
    live: number,
  ): Promise<readonly Omit<DebugProtocol.StackFrame, 'id'>[]> {
    const end = Math.min(to, live);
    const frames: RemoteFrame[] = [];
    for (let at = Math.max(from, 0); snapshot !== undefined && at < end; at += AT_ONCE) {
      const some = await this.options.frames(snapshot, thread, at, Math.min(AT_ONCE, end - at));
      frames.push(...some.slice(0, end - at));
    }
    const sources = await this.options.sources.of(frames, false);
    return frames.map((frame, index) => shown(frame, sources[index]));
  }

  private async toldFrames(told: readonly Told[]): Promise<readonly Omit<DebugProtocol.StackFrame, 'id'>[]> {
    const frames = told.flatMap((one) => (one.kind === 'frame' ? [one.frame] : []));
    const sources = await this.options.sources.of(frames, true);
    let next = 0;
    return told.map((one) =>
      one.kind === 'side'
        ? { name: one.text, line: 0, column: 0, presentationHint: 'label' }
        : shown(one.frame, sources[next++]),
    );
  }
}

function shown(
  frame: RemoteFrame,
  source: DebugProtocol.Source | undefined,
): Omit<DebugProtocol.StackFrame, 'id'> {
  // RPyC's own frames lead from one program to the next.
  const isPassage = rpycFile({ ...frame, source: '' }) !== undefined;
  return {
    name: frame.name,
    line: frame.line,
    column: 1,
    ...(source === undefined
      ? {}
      : { source: isPassage ? { ...source, presentationHint: 'deemphasize' as const } : source }),
    ...(isPassage ? { presentationHint: 'subtle' as const } : {}),
  };
}
