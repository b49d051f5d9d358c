import { existsSync } from 'node:fs';
import path from 'node:path';

import type { DebugProtocol } from '@vscode/debugprotocol';

import type { RemoteFrame } from '../api/model';
import type { FramePlace, Snapshot } from '../features/console/remoteConsole';

/** Frames of one thread have numbers in a row. */
const FRAMES_EACH = 1000;

/** The connection itself stands for one thread, whose one frame is its namespace. */
export const THREAD = 1;
export const FRAME = 1;

/** A file of a server, or a device: to look for one, Windows would log in at the server that the peer names. */
const ELSEWHERE = /^[\\/]{2}/;

/** Threads and frames as the editor asks for them: those of a snapshot, or the one that stands for the connection. */
export class Stacks {
  private readonly files: string[] = [];
  snapshot: Snapshot | undefined;

  constructor(private readonly label: string) {}

  threads(): DebugProtocol.Thread[] {
    return this.snapshot === undefined
      ? [{ id: THREAD, name: this.label }]
      : this.snapshot.threads.map(({ name }, index) => ({ id: THREAD + index, name }));
  }

  /** Innermost first. */
  frames({
    threadId,
    startFrame = 0,
    levels,
  }: DebugProtocol.StackTraceArguments): DebugProtocol.StackTraceResponse['body'] {
    if (this.snapshot === undefined) {
      const frame = { id: FRAME, name: `Console of ${this.label}`, line: 0, column: 0 };
      return { stackFrames: [frame], totalFrames: 1 };
    }
    const thread = threadId - THREAD;
    const frames = this.snapshot.threads[thread]?.frames ?? [];
    const end = levels === undefined || levels === 0 ? frames.length : startFrame + levels;
    const stackFrames = frames.slice(startFrame, end).map((frame, index) => ({
      id: FRAME + FRAMES_EACH * (thread + 1) + startFrame + index,
      name: frame.name,
      line: frame.line,
      column: 1,
      ...this.sourceOf(frame),
    }));
    return { stackFrames, totalFrames: frames.length };
  }

  /** The frame of the snapshot that a number of the editor means; undefined for the connection's own. */
  placeOf(frameId: number | undefined): FramePlace | undefined {
    const number = (frameId ?? FRAME) - FRAME;
    return this.snapshot === undefined || number < FRAMES_EACH
      ? undefined
      : {
          snapshot: this.snapshot.number,
          thread: Math.floor(number / FRAMES_EACH) - 1,
          frame: number % FRAMES_EACH,
        };
  }

  /** The file at the peer that a source stands for. */
  fileOf(reference: number): string | undefined {
    return this.files[reference - 1];
  }

  /** The file here where there is one of this path, else the text of the one at the peer. */
  private sourceOf({ file }: RemoteFrame): { source?: DebugProtocol.Source } {
    if (file.startsWith('<')) {
      return {};
    }
    const name = path.posix.basename(file.replaceAll('\\', '/'));
    if (path.isAbsolute(file) && !ELSEWHERE.test(file) && existsSync(file)) {
      return { source: { name, path: file } };
    }
    if (!this.files.includes(file)) {
      this.files.push(file);
    }
    return { source: { name, path: file, sourceReference: this.files.indexOf(file) + 1 } };
  }
}
