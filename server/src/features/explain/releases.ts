/**
 * Which release of RPyC printed a traceback. It does not say so, but the numbers of its lines do, and lines that some
 * releases only have.
 */
import { type Raised, rpycFile } from './traceback';

interface Release {
  readonly from: string;
  readonly to: string;
}

/** A range of releases, both ends among it. */
export interface ReleaseRange extends Release {
  readonly text: string;
}

/** Releases with the same lines, oldest first. */
const RELEASES: readonly Release[] = [
  { from: '3.3', to: '3.3' },
  { from: '3.4.0', to: '3.4.0' },
  { from: '3.4.1', to: '3.4.2' },
  { from: '3.4.3', to: '3.4.3' },
  { from: '3.4.4', to: '3.4.4' },
  { from: '4.0.0', to: '4.0.2' },
  { from: '4.1.0', to: '4.1.0' },
  { from: '4.1.1', to: '4.1.1' },
  { from: '4.1.2', to: '4.1.2' },
  { from: '4.1.3', to: '4.1.5' },
  { from: '5.0.0', to: '5.1.0' },
  { from: '5.2.1', to: '5.2.3' },
  { from: '5.3.0', to: '5.3.0' },
  { from: '5.3.1', to: '5.3.1' },
  { from: '6.0.0', to: '6.0.2' },
];

/** Functions of `core/protocol.py`: the line that calls on, in each of the releases above. */
const LINES: ReadonlyMap<string, readonly number[]> = new Map([
  ['_dispatch_request', [305, 329, 330, 346, 347, 329, 326, 323, 323, 320, 324, 324, 356, 359, 369]],
  // Before 4.0 it has two such lines, and other functions around it: 0 is any.
  ['sync_request', [0, 0, 0, 0, 0, 471, 459, 458, 464, 469, 473, 490, 718, 718, 744]],
  // From 4.1.2 on it has several such lines.
  ['_handle_inspect', [539, 587, 589, 605, 628, 594, 587, 586, 0, 0, 0, 0, 0, 0, 0]],
  ['root', [467, 515, 517, 533, 556, 501, 489, 488, 494, 502, 506, 523, 751, 751, 777]],
  ['serve_all', [398, 422, 423, 439, 449, 413, 404, 403, 403, 408, 412, 426, 654, 654, 680]],
]);

interface Mark {
  readonly file: string;
  readonly name?: string;
  readonly source?: RegExp;
  /** Releases that can print it. */
  readonly from: string;
  readonly to: string;
}

/** What some releases only can print. */
const MARKS: readonly Mark[] = [
  { file: 'core/async.py', from: '3.3', to: '3.4.4' },
  { file: 'core/async_.py', from: '4.0.0', to: '6.0.2' },
  { file: 'core/protocol.py', name: 'sync_recv_and_dispatch', from: '3.3', to: '3.4.4' },
  {
    file: 'core/protocol.py',
    name: '_dispatch',
    source: /^msg, seq, args = brine\.load\(data\)/,
    from: '3.3',
    to: '5.3.1',
  },
  {
    file: 'core/protocol.py',
    name: '_dispatch',
    source: /invalid message type: \{msg!r\}/,
    from: '6.0.0',
    to: '6.0.2',
  },
  { file: 'core/async_.py', name: 'wait', source: /waiting=self\._waiting/, from: '6.0.0', to: '6.0.2' },
  {
    file: 'core/protocol.py',
    name: '_handle_inspect',
    source: /_local_objects\[oid\]/,
    from: '3.3',
    to: '4.0.2',
  },
  {
    file: 'core/protocol.py',
    name: '_handle_inspect',
    source: /_local_objects\[id_pack\]/,
    from: '4.1.0',
    to: '6.0.2',
  },
];

/** The releases that have all of these lines; undefined where none or every one has them. */
export function releasesOf(raised: Raised): ReleaseRange | undefined {
  const marked = RELEASES.map((_, index) => index).filter((index) =>
    MARKS.every((m) => allows(m, raised, index)),
  );
  const numbered = marked.filter((index) => hasLines(raised, index));
  // A distributor may have moved lines by a patch: then the numbers fit no release.
  const found = numbered.length > 0 ? numbered : marked;
  const first = RELEASES[found[0] ?? -1];
  const last = RELEASES[found.at(-1) ?? -1];
  if (first === undefined || last === undefined || found.length === RELEASES.length) {
    return undefined;
  }
  return { from: first.from, to: last.to, text: textOf(first.from, last.to) };
}

/** The version of Python that the path of a file names. */
export function pythonOf({ frames }: Raised): string | undefined {
  for (const { file } of frames) {
    const match = /[\\/]python(\d\.\d{1,2})[\\/]|[\\/]python(\d)(\d{1,2})[\\/]lib[\\/]/i.exec(file);
    if (match !== null) {
      return match[1] ?? `${match[2]}.${match[3]}`;
    }
  }
  return undefined;
}

function textOf(from: string, to: string): string {
  return from === to ? `rpyc ${from}` : `rpyc ${from} to ${to}`;
}

function allows(mark: Mark, { frames }: Raised, index: number): boolean {
  const from = RELEASES.findIndex((release) => release.from === mark.from);
  const to = RELEASES.findIndex((release) => release.to === mark.to);
  if (index >= from && index <= to) {
    return true;
  }
  return !frames.some(
    (frame) =>
      rpycFile(frame) === mark.file &&
      (mark.name === undefined || frame.name === mark.name) &&
      (mark.source === undefined || mark.source.test(frame.source)),
  );
}

function hasLines({ frames }: Raised, index: number): boolean {
  return frames.every((frame) => {
    const lines = rpycFile(frame) === 'core/protocol.py' ? LINES.get(frame.name) : undefined;
    const line = lines?.[index] ?? 0;
    return line === 0 || line === frame.line;
  });
}
