import type { CodeExample, Words } from '../../api/explanation';
import type { ReleaseRange } from './releases';
import type { Sides } from './sides';
import { type Frame, type Raised, rpycFile } from './traceback';

/** What a rule has to say. */
export interface Advice {
  readonly headline: Words;
  readonly what: readonly Words[];
  readonly mend: readonly Words[];
  readonly code?: readonly CodeExample[];
}

/** What a rule knows about the exception that it fits. */
export interface Finding {
  /** What the pattern found in `Type: message`. */
  readonly match: RegExpExecArray;
  readonly raised: Raised;
  readonly sides: Sides;
  /** Releases of that program, as far as its lines tell. */
  readonly releases: ReleaseRange | undefined;
}

/** One thing that goes wrong, known by the lines that Python prints about it. */
export interface Rule {
  readonly name: string;
  /** Fits `Type: message`, with the type in short and the first line of the message. */
  readonly error: RegExp;
  /** A further condition on the lines that led there. */
  readonly frames?: (raised: Raised) => boolean;
  readonly explain: (finding: Finding) => Advice;
}

/** Whether a line of RPyC led there: a file of its own, and a function where the message is common. */
export function through(file: string, name?: RegExp, source?: RegExp): (raised: Raised) => boolean {
  return ({ frames }) => frames.some((frame) => isAt(frame, file, name, source));
}

/** The same where the text is a single line without its traceback: then nothing speaks against it. */
export function throughIfShown(file: string, name?: RegExp): (raised: Raised) => boolean {
  const isThrough = through(file, name);
  return (raised) => raised.frames.length === 0 || isThrough(raised);
}

/** Whether any line of RPyC led there. */
export function throughRpyc({ frames }: Raised): boolean {
  return frames.some((frame) => rpycFile(frame) !== undefined);
}

function isAt(frame: Frame, file: string, name?: RegExp, source?: RegExp): boolean {
  return (
    rpycFile(frame) === file &&
    (name === undefined || name.test(frame.name)) &&
    (source === undefined || source.test(frame.source))
  );
}
