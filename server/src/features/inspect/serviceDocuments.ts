import type { ObjectDocumentResult } from '../../api/documents';
import { type BrineValue, Float, FrozenSet, isNetref } from '../../rpyc/index';
import { strictImportError, strictJsonError, strictSourceError } from './documentProblems';
import type { Entry } from './handleTable';
import { valueText, valueType } from './preview';
import { typeNameOf } from './remoteRows';
import type { DocumentSource } from './rowDocuments';
import type { ServiceSource } from './serviceSource';

/** Members of an object that are compared. */
const MAX_MEMBERS = 500;

/** Documents of what a strict service gives: of plain values, and of the names that an object lists. */
export class ServiceDocuments implements DocumentSource {
  constructor(
    private readonly source: ServiceSource,
    private readonly label: string,
  ) {}

  /** Reads the value, as Copy Value does. */
  async json(entry: Entry, limit: number): Promise<ObjectDocumentResult> {
    const value = await this.source.valueOf(entry);
    if (isNetref(value)) {
      throw strictJsonError(this.label, typeNameOf(value));
    }
    const text = JSON.stringify(jsonForm(value as BrineValue), undefined, 2);
    return text.length <= limit
      ? { text, truncated: false }
      : { text: JSON.stringify({ $cut: `${text.length} characters` }), truncated: true };
  }

  /** Reads the value, as Copy Value does; of a reference, the names that it lists. */
  async lines(entry: Entry, limit: number): Promise<ObjectDocumentResult> {
    const value = await this.source.valueOf(entry);
    if (!isNetref(value)) {
      return bounded(valueLines(value as BrineValue, '', ''), limit);
    }
    const { parts, more } = await this.source.page(entry, { offset: 0, limit: MAX_MEMBERS, filter: '' });
    const members = parts.map(({ facts }) =>
      `  ${facts.name} = ${facts.kind} ${facts.typeName} ${facts.value}`
        .replace(/ at 0x[0-9a-f]+/gi, '')
        .trimEnd(),
    );
    const lines = [typeNameOf(value), ...members, ...(more ? ['  … more'] : [])];
    return bounded(`${lines.join('\n')}\n`, limit);
  }

  sourceCode(): Promise<never> {
    return Promise.reject(strictSourceError(this.label));
  }

  importLine(): Promise<never> {
    return Promise.reject(strictImportError(this.label));
  }
}

function bounded(text: string, limit: number): ObjectDocumentResult {
  return { text: text.slice(0, limit), truncated: text.length > limit };
}

/** As the helper writes it on classic peers: what JSON has no form for names its type. */
export function jsonForm(value: BrineValue): unknown {
  if (value === null || value === undefined) {
    return null;
  }
  if (typeof value === 'string' || typeof value === 'boolean') {
    return value;
  }
  if (typeof value === 'number' || value instanceof Float) {
    const plain = value.valueOf();
    return Number.isFinite(plain) ? plain : valueText(value, 100);
  }
  const type = valueType(value);
  if (Array.isArray(value)) {
    return { $type: type, items: (value as readonly BrineValue[]).map(jsonForm) };
  }
  if (value instanceof FrozenSet) {
    return { $type: type, items: [...(value as Iterable<BrineValue>)].map(jsonForm) };
  }
  if (value instanceof Uint8Array) {
    return { $type: type, base64: Buffer.from(value).toString('base64') };
  }
  return { $type: type, text: valueText(value, 10_000) };
}

/** One value per line with its exact type. */
export function valueLines(value: BrineValue, label: string, indent: string): string {
  const type = valueType(value);
  const items = Array.isArray(value)
    ? (value as readonly BrineValue[])
    : value instanceof FrozenSet
      ? [...(value as Iterable<BrineValue>)]
      : undefined;
  if (items === undefined) {
    return `${indent}${label}${type} ${valueText(value, 1_000_000)}\n`;
  }
  const lines = items.map((item, index) =>
    valueLines(item, Array.isArray(value) ? `[${index}] ` : '- ', `${indent}  `),
  );
  const sorted = Array.isArray(value) ? lines : lines.sort();
  return `${indent}${label}${type} (${items.length})\n${sorted.join('')}`;
}
