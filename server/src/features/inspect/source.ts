/** Where the rows of a tree come from: the helper of a classic peer, or the bare references of a strict service. */
import type { ObjectDetails, PathStep } from '../../api/model';
import type { Entry, Held } from './handleTable';
import type { PageFacts, RowFacts } from './rows';

export interface PageQuery {
  readonly offset: number;
  readonly limit: number;
  readonly filter: string;
  /** Names come in groups, as the message says. */
  readonly groups?: boolean;
}

/** Facts of a part, with the object itself where the peer has given it already. */
export interface PartFacts {
  readonly facts: RowFacts;
  readonly held?: Held;
}

export interface SourcePage extends Omit<PageFacts, 'rows'> {
  readonly parts: readonly PartFacts[];
  /** The object that the parts belong to, where it is held now. */
  readonly held?: Held;
}

export interface SourceText {
  readonly text: string;
  readonly truncated: boolean;
}

/** One connection's way of looking at objects. It lives as long as the connection is lent. */
export interface ObjectSource {
  page(entry: Entry, query: PageQuery): Promise<SourcePage>;
  /** Facts along a path, one for each step after the root. */
  resolve(path: readonly PathStep[]): Promise<readonly RowFacts[]>;
  describe(entry: Entry): Promise<ObjectDetails>;
  /** Evaluates the row. @param anyway also where the peer is expected to refuse */
  read(entry: Entry, anyway?: boolean): Promise<PartFacts>;
  text(entry: Entry, limit: number): Promise<SourceText>;
}
