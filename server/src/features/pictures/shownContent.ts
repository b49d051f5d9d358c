/**
 * Reads what the helper made of a value. It is what a peer sends: lengths, types and the sizes of pictures are checked,
 * and texts are cleaned, before anything of it goes to the editor.
 */
import type { PictureType, ShownObject, ShownTable } from '../../api/showing';
import { TextLimit, multiLine, singleLine } from '../inspect/preview';
import { ShapeError, asCount, asText, asTuple } from '../inspect/rows';
import { ProblemError } from '../problem';

/** Bytes of each type that is known. */
const LIMITS: ReadonlyMap<unknown, number> = new Map([
  ['image/png', 8 << 20],
  ['image/jpeg', 8 << 20],
  ['image/svg+xml', 2 << 20],
  ['application/json', 16 << 20],
  ['text/html', 1 << 20],
  ['text/markdown', 1 << 18],
]);
const MAX_PICTURES = 8;
const MAX_ROWS = 1000;
const MAX_CELLS = 60;
const MAX_CELL = 200;
/** A small file can unfold to more than any memory holds. */
const MAX_PIXELS = 50_000_000;
const MAX_SIDE = 32_000;
const MARKERS_OF_FRAMES = new Set([
  0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf,
]);

/** What the helper says of what it has made, beside the bytes. */
export interface MadeContent {
  /** By which the rest of the bytes is fetched; 0 where there is none. */
  readonly number: number;
  readonly type: string;
  readonly count: number;
  readonly note: string;
  readonly length: number;
  readonly first: Uint8Array;
}

/** `(number, what, MIME type, how many, note, length, first bytes)` of the helper. */
export function readMade(value: unknown): MadeContent {
  const [number, , type, count, note, length, first] = asTuple(value, 'picture');
  const most = LIMITS.get(type);
  const size = asCount(length, 'length');
  if (most === undefined || typeof type !== 'string' || size > most) {
    throw new ShapeError('picture');
  }
  return {
    number: asCount(number, 'number'),
    type,
    count: Math.min(Math.max(asCount(count, 'count'), 1), MAX_PICTURES),
    note: singleLine(asText(note, 'note'), TextLimit.hover),
    length: size,
    first: asBytes(first),
  };
}

/** Bytes that came by value. */
export function asBytes(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw new ShapeError('piece');
  }
  return value;
}

/** @throws ProblemError `ERR_UNSHOWN` for a picture that would take more memory than there may be */
export function shownObject({ type, count, note }: MadeContent, bytes: Uint8Array): ShownObject {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case 'application/json':
      return { as: 'table', table: readTable(buffer.toString('utf8')) };
    case 'text/html':
      return { as: 'page', html: buffer.toString('utf8') };
    case 'text/markdown':
      return { as: 'text', text: multiLine(buffer.toString('utf8'), LIMITS.get(type) ?? 0) };
    default: {
      const size =
        type === 'image/png' ? sizeOfPng(buffer) : type === 'image/jpeg' ? sizeOfJpeg(buffer) : [1, 1];
      checkSize(size);
      return { as: 'picture', type: type as PictureType, data: buffer.toString('base64'), count, note };
    }
  }
}

/** There is nothing to show, or too much. */
export function unshownError(message: string, detail?: string): ProblemError {
  return new ProblemError({ code: 'ERR_UNSHOWN', message, ...(detail === undefined ? {} : { detail }) });
}

function checkSize(size: readonly number[] | undefined): void {
  const [width = 0, height = 0] = size ?? [];
  if (width < 1 || height < 1) {
    throw unshownError('This is no picture, though its class says that it is: look at its value instead.');
  }
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
    throw unshownError(
      `The picture has ${width} × ${height} pixels, which is too much to show: make it smaller in the code that makes it.`,
    );
  }
}

function sizeOfPng(data: Buffer): readonly number[] | undefined {
  return data.length < 24 || data.readUInt32BE(0) !== 0x89504e47
    ? undefined
    : [data.readUInt32BE(16), data.readUInt32BE(20)];
}

function sizeOfJpeg(data: Buffer): readonly number[] | undefined {
  let at = 2;
  while (at + 9 < data.length && data[at] === 0xff) {
    const marker = data[at + 1] ?? 0;
    if (MARKERS_OF_FRAMES.has(marker)) {
      return [data.readUInt16BE(at + 7), data.readUInt16BE(at + 5)];
    }
    at += 2 + data.readUInt16BE(at + 2);
  }
  return undefined;
}

function readTable(json: string): ShownTable {
  let found: unknown;
  try {
    found = JSON.parse(json);
  } catch {
    throw new ShapeError('table');
  }
  const { columns, index, rows, start, total, totalColumns } = (found ?? {}) as Readonly<
    Record<string, unknown>
  >;
  const labelled = index === true;
  const heads = listOf(columns, MAX_CELLS).map((column) => {
    const [name, typeName, numeric] = asTuple(column, 'column');
    return { name: cellText(name), typeName: cellText(typeName), numeric: numeric === true };
  });
  const width = heads.length + (labelled ? 1 : 0);
  return {
    columns: heads,
    labelled,
    rows: listOf(rows, MAX_ROWS).map((row) => {
      const cells = listOf(row, MAX_CELLS + 1).map(cellText);
      if (cells.length !== width) {
        throw new ShapeError('row of a table');
      }
      return cells;
    }),
    start: asCount(start, 'start'),
    total: asCount(total, 'total'),
    totalColumns: asCount(totalColumns, 'count'),
  };
}

function listOf(value: unknown, most: number): readonly unknown[] {
  const list = asTuple(value, 'list');
  if (list.length > most) {
    throw new ShapeError('list');
  }
  return list;
}

function cellText(value: unknown): string {
  return singleLine(asText(value, 'cell'), MAX_CELL);
}
