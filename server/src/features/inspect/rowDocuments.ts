import type { ObjectDocumentParams, ObjectDocumentResult, SourceCode } from '../../api/documents';
import type { Handle } from '../../api/model';
import type { Entry, HandleTable } from './handleTable';
import { multiLine } from './preview';

/** Longest document. */
const MAX_DOCUMENT = 10_000_000;

/** One connection's way of making documents of its objects. None of them runs code of an object. */
export interface DocumentSource {
  /** @throws ProblemError where the value would have to be read first, or cannot be written down */
  json(entry: Entry, limit: number): Promise<ObjectDocumentResult>;
  lines(entry: Entry, limit: number): Promise<ObjectDocumentResult>;
  /** @throws ProblemError `ERR_NO_SOURCE` where there is no source to read */
  sourceCode(entry: Entry): Promise<SourceCode>;
  /** @throws ProblemError `ERR_NO_IMPORT` where no import gives the object */
  importLine(entry: Entry): Promise<string>;
}

export interface RowDocumentsOptions {
  readonly table: HandleTable;
  /** Borrows the connection of an entry for as long as `use` takes. */
  readonly borrow: <T>(
    entry: Entry,
    signal: AbortSignal | undefined,
    use: (source: DocumentSource) => Promise<T>,
  ) => Promise<T>;
}

/** What rows become outside of the tree. One request each on classic peers. */
export class RowDocuments {
  constructor(private readonly options: RowDocumentsOptions) {}

  /** The value of a row as JSON, or as lines to compare. */
  async document(
    { handle, form, limit }: ObjectDocumentParams,
    signal?: AbortSignal,
  ): Promise<ObjectDocumentResult> {
    const most = Number.isSafeInteger(limit) && limit > 0 ? Math.min(limit, MAX_DOCUMENT) : MAX_DOCUMENT;
    const { text, truncated } = await this.use(handle, signal, (source, entry) =>
      form === 'json' ? source.json(entry, most) : source.lines(entry, most),
    );
    // JSON is escaped already, and has to stay whole.
    return { text: form === 'json' ? text : multiLine(text, MAX_DOCUMENT), truncated };
  }

  sourceCode(handle: Handle, signal?: AbortSignal): Promise<SourceCode> {
    return this.use(handle, signal, (source, entry) => source.sourceCode(entry));
  }

  importLine(handle: Handle, signal?: AbortSignal): Promise<string> {
    return this.use(handle, signal, (source, entry) => source.importLine(entry));
  }

  private use<T>(
    handle: Handle,
    signal: AbortSignal | undefined,
    work: (source: DocumentSource, entry: Entry) => Promise<T>,
  ): Promise<T> {
    const entry = this.options.table.find(handle);
    return this.options.borrow(entry, signal, (source) => work(source, entry));
  }
}
