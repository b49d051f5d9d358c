/**
 * Reads what Python prints about exceptions. The text may be a log with other lines in between, of any Python, and be
 * cut off anywhere: what cannot be read is passed over. A line is looked at once and its length is bounded.
 */

/** A line of a program on the way to an exception. */
export interface Frame {
  readonly file: string;
  readonly line: number;
  /** Name of the function; empty where a file could not be compiled. */
  readonly name: string;
  /** The line itself; empty where it was not printed. */
  readonly source: string;
}

/** One exception as it was printed. */
export interface Raised {
  /** As printed, with its module. */
  readonly type: string;
  /** First line of the message. */
  readonly message: string;
  /** How many calls away: 0 is the program that printed the text, 1 the one that it had asked, and so on. */
  readonly level: number;
  readonly frames: readonly Frame[];
}

/** An exception and those that led to it, in the order of the text. */
export type Story = readonly Raised[];

const MAX_LINE = 2000;
const MAX_FRAMES = 2000;

const HEADER = /Traceback \(most recent call last\):?\s*$/;
const REMOTE = /^=+ Remote Traceback \(\d{1,4}\) =+$/;
const CHAINED = /^(?:During handling of the above exception|The above exception was the direct cause)/;
const FRAME = /^File "([^"]+)", line (\d{1,9})(?:, in (.+))?$/;
/** How IPython and notebooks write it. */
const NOTEBOOK_FRAME = /^File ([^\s"][^:]*(?::\\[^:]*)?):(\d{1,9})(?:, in ([^(]+)\(?.*)?$/;
const MARKER = /^[\s^~]*$/;
/** An exception at the end of a traceback. The class of a remote one may be local to a function of RPyC. */
const EXCEPTION = /^([A-Za-z_][\w.]*(?:\.<locals>[\w.]+)?)(?:: ?(.*))?$/;
/** The same where it stands alone: by its name only, since any line of a log may have a colon. */
const LONE_NAME = /\w(?:Error|Exception|Timeout|Interrupt|NotFound|Derived|\.error)$/;
/** A quoted mail, the bar of an exception group, and pytest's mark. */
const QUOTE = /^(?:[>|] ?|E {3,})+/;

export function readTracebacks(text: string): readonly Story[] {
  const reader = new Reader();
  for (const line of text.split(/\r\n?|\n/)) {
    reader.take(line.slice(0, MAX_LINE).trimEnd());
  }
  return reader.stories;
}

class Reader {
  readonly stories: Raised[][] = [];
  private frames: Frame[] | undefined;
  private indentation = 0;
  private level = 0;
  /** The next traceback belongs to the exception before it. */
  private goesOn = false;

  take(raw: string): void {
    const line = raw.replace(QUOTE, '');
    const text = line.trimStart();
    if (text === '') {
      return;
    }
    const indentation = line.length - text.length;
    if (HEADER.test(text)) {
      this.open(indentation);
    } else if (REMOTE.test(text)) {
      // A text that begins with the remote part has lost the program that printed it.
      this.level = this.stories.length === 0 ? 1 : this.level + 1;
      this.goesOn = true;
    } else if (CHAINED.test(text)) {
      this.goesOn = true;
    } else if (!this.takeFrame(text)) {
      this.takeRest(text, indentation);
    }
  }

  private open(indentation: number): void {
    if (!this.goesOn) {
      this.level = 0;
    }
    this.frames = [];
    this.indentation = indentation;
  }

  private takeFrame(text: string): boolean {
    const match = FRAME.exec(text) ?? NOTEBOOK_FRAME.exec(text);
    if (match === null) {
      return false;
    }
    this.frames ??= [];
    if (this.frames.length < MAX_FRAMES) {
      const [, file = '', line, name = ''] = match;
      this.frames.push({ file, line: Number(line), name: name.trim(), source: '' });
    }
    return true;
  }

  private takeRest(text: string, indentation: number): void {
    if (this.frames !== undefined && indentation > this.indentation) {
      this.takeSource(text);
      return;
    }
    const match = EXCEPTION.exec(text);
    const [, type = '', message = ''] = match ?? [];
    if (match === null || (this.frames === undefined && !LONE_NAME.test(type))) {
      return;
    }
    const raised = { type, message, level: this.level, frames: this.frames ?? [] };
    const story = this.goesOn ? this.stories.at(-1) : undefined;
    if (story === undefined) {
      this.stories.push([raised]);
    } else {
      story.push(raised);
    }
    this.frames = undefined;
    this.goesOn = false;
  }

  private takeSource(text: string): void {
    const frame = this.frames?.at(-1);
    if (frame?.source === '' && !MARKER.test(text)) {
      this.frames?.splice(-1, 1, { ...frame, source: text });
    }
  }
}

/** `AttributeError` of `exceptions.AttributeError`. */
export function shortType({ type }: Raised): string {
  return type.slice(type.lastIndexOf('.') + 1);
}

/** RPyC's path below its folder: `core/protocol.py`. Undefined for other files. */
export function rpycFile({ file }: Frame): string | undefined {
  return /(?:^|[\\/])rpyc[\\/]((?:(?:core|utils|lib|cli)[\\/])?\w+\.pyw?)$/
    .exec(file)?.[1]
    ?.replace('\\', '/');
}

/** Whether the frame is in the program's own code: not in RPyC, not in the standard library, not in a package. */
export function isOwnCode(frame: Frame): boolean {
  return (
    rpycFile(frame) === undefined &&
    !/[\\/](?:site|dist)-packages[\\/]|[\\/]lib[\\/]python\d|\\lib\\\w+\.py$|^<frozen/i.test(frame.file)
  );
}
