import type { ObjectDocumentResult, SourceCode } from '../../api/documents';
import type { Agent } from '../agent';
import { ProblemError } from '../problem';
import { accepted, wayTo } from './agentSource';
import { readFirstError, wholeObjectError } from './documentProblems';
import type { Entry } from './handleTable';
import { TextLimit } from './preview';
import type { DocumentSource } from './rowDocuments';
import { asCount, asLine, asText } from './rows';

/** A document may end a little behind its limit, since what was begun is closed. */
const CLOSING = 100_000;
const MAX_SOURCE = 10_000_000;
const MAX_PATH = 2000;
const MAX_IMPORT = 2500;

/** Documents that the helper makes, from the memory of the objects. */
export class AgentDocuments implements DocumentSource {
  constructor(
    private readonly agent: Agent,
    private readonly signal: AbortSignal | undefined,
  ) {}

  json(entry: Entry, limit: number): Promise<ObjectDocumentResult> {
    return this.document('json', entry, limit);
  }

  lines(entry: Entry, limit: number): Promise<ObjectDocumentResult> {
    return this.document('pretty', entry, limit);
  }

  async sourceCode(entry: Entry): Promise<SourceCode> {
    const [file, line, text, truncated] = await this.ask('source', entry, []);
    return {
      file: asLine(file, MAX_PATH),
      line: Math.max(asCount(line, 'line'), 1),
      text: asText(text, 'source').slice(0, MAX_SOURCE),
      truncated: truncated === true,
    };
  }

  async importLine(entry: Entry): Promise<string> {
    const [line] = await this.ask('import_line', entry, []);
    return asText(line, 'statement').slice(0, MAX_IMPORT);
  }

  private async document(method: string, entry: Entry, limit: number): Promise<ObjectDocumentResult> {
    if (entry.step.kind === 'root' && entry.step.name !== 'service') {
      throw wholeObjectError(entry.facts.name);
    }
    const [text, truncated] = await this.ask(method, entry, [limit]);
    return { text: asText(text, 'document').slice(0, limit + CLOSING), truncated: truncated === true };
  }

  private async ask(method: string, entry: Entry, more: readonly unknown[]): Promise<readonly unknown[]> {
    const { base, steps } = wayTo(entry);
    try {
      return accepted(await this.agent.ask(method, [base, steps, ...more], { signal: this.signal }));
    } catch (error) {
      const isUnread = error instanceof ProblemError && error.problem.code === 'ERR_UNREAD';
      throw isUnread ? readFirstError(asLine(entry.facts.name, TextLimit.name)) : error;
    }
  }
}
