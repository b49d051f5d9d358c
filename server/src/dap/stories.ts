/** An error as frames: those that are kept at the peer, and those that a traceback tells of other programs. */
import type { RunError } from '../api/model';
import type { SnapshotThread } from '../features/console/remoteConsole';
import { type Frame, type Raised, type Story, readTracebacks } from '../features/explain/traceback';

/** What stands in a stack where no frame is kept at the peer. */
export type Told =
  | { readonly kind: 'frame'; readonly frame: Frame }
  /** Whose frames stand below it. */
  | { readonly kind: 'side'; readonly text: string };

/** One stack, the innermost frame first. */
export interface Stack {
  readonly name: string;
  /** Inside of those that are kept, and outside of them. */
  readonly above: readonly Told[];
  readonly below: readonly Told[];
  /** The thread of the snapshot, and how many frames it has. */
  readonly live: number;
}

/** Frames of one stack that are taken from a text. */
const MOST = 1000;

/** @param label of the connection */
export function liveStack({ name, count, told }: SnapshotThread, label: string): Stack {
  const beyond = toldFrames(told, label, 1);
  return beyond.length === 0
    ? { name, above: [], below: [], live: count }
    : { name, above: [...beyond, side(0, label)], below: [editorSide()], live: count };
}

/** The error as its traceback tells it, and behind it those that led to it. */
export function toldStacks(
  { typeName, message, traceback, frames }: RunError,
  label: string,
): readonly Stack[] {
  const story = readTracebacks(traceback).at(-1) ?? [];
  const sides = toldFrames(traceback, label, 0);
  const plain = frames.toReversed().map((frame) => toldFrame({ ...frame, source: '' }));
  const own: Stack = {
    name: message === '' ? typeName : `${typeName}: ${message}`,
    above: (sides.length === 0 ? plain : sides).slice(0, MOST),
    below: sides.some(({ kind }) => kind === 'side') ? [editorSide()] : [],
    live: 0,
  };
  const ends = lastOfEach(story);
  const led = story
    .filter((raised) => !ends.includes(raised))
    .toReversed()
    .map((raised) => ({
      name: `${raised.type}: ${raised.message}`,
      above: innermostFirst(raised),
      below: [],
      live: 0,
    }));
  return [own, ...led];
}

/** The frames of each program that a text tells of, the innermost first, with a line of each where it is not alone. */
function toldFrames(text: string, label: string, from: number): readonly Told[] {
  const ends = lastOfEach(readTracebacks(text).at(-1) ?? []).filter(({ frames }) => frames.length > 0);
  const isAlone = from === 0 && ends.length === 1;
  const first = ends[0]?.level ?? 0;
  return ends
    .toReversed()
    .flatMap((raised) => [
      ...(isAlone ? [] : [side(raised.level - first + from, label)]),
      ...innermostFirst(raised),
    ])
    .slice(0, MOST);
}

/** What each program raised in the end, from the one that printed the text on. */
function lastOfEach(story: Story): readonly Raised[] {
  const byLevel = new Map(story.map((raised) => [raised.level, raised]));
  return [...byLevel.values()].sort((one, other) => one.level - other.level);
}

function innermostFirst({ frames }: Raised): readonly Told[] {
  return frames.toReversed().map(toldFrame);
}

function toldFrame(frame: Frame): Told {
  return { kind: 'frame', frame };
}

function side(level: number, label: string): Told {
  const text =
    level === 0
      ? `peer: “${label}”`
      : level === 1
        ? `beyond “${label}”: the program that it asked`
        : `${level} calls beyond “${label}”`;
  return { kind: 'side', text };
}

function editorSide(): Told {
  return { kind: 'side', text: 'editor: asked for this' };
}
