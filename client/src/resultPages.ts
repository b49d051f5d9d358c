import type { ShownObject } from '../../server/src/api/showing';

/** As much as is kept to go back to. */
const PAGES = 20;
const CHARACTERS = 48_000_000;

/** What one thing that is shown looks like, as far as it is known. */
export interface ResultPage<Source> {
  readonly source: Source;
  /** Number of the picture, or of the first row. */
  position: number;
  content?: ShownObject;
  /** Why there is no content. */
  problem?: string;
}

/** What was shown last, to go back and forth in. The oldest goes when there is too much. */
export class ResultPages<Source> {
  private pages: ResultPage<Source>[] = [];
  private at = -1;

  /** @param dropped called with what is no longer there to go back to */
  constructor(private readonly dropped: (page: ResultPage<Source>) => void) {}

  get count(): number {
    return this.pages.length;
  }

  /** Number of the page that is shown, from 0 on. */
  get index(): number {
    return this.at;
  }

  get current(): ResultPage<Source> | undefined {
    return this.pages[this.at];
  }

  /** Shows something: as the newest, or again where it is there already. */
  open(source: Source): ResultPage<Source> {
    const known = this.pages.find((page) => page.source === source);
    if (known !== undefined) {
      this.at = this.pages.indexOf(known);
      return known;
    }
    const page: ResultPage<Source> = { source, position: 0 };
    this.pages.push(page);
    this.at = this.pages.length - 1;
    this.trim();
    return page;
  }

  /** Goes back or forth; stays where it is at an end. */
  go(by: number): ResultPage<Source> | undefined {
    this.at = Math.min(Math.max(this.at + by, 0), this.pages.length - 1);
    return this.current;
  }

  /** A page has something to show now. */
  fill(page: ResultPage<Source>, content: ShownObject): void {
    page.content = content;
    delete page.problem;
    this.trim();
  }

  clear(): void {
    const { pages } = this;
    this.pages = [];
    this.at = -1;
    pages.forEach((page) => this.dropped(page));
  }

  private trim(): void {
    let kept = this.pages.reduce((sum, { content }) => sum + sizeOf(content), 0);
    while (this.pages.length > 1 && (this.pages.length > PAGES || kept > CHARACTERS)) {
      // The one that is looked at stays.
      const oldest = this.at === 0 ? 1 : 0;
      const [page] = this.pages.splice(oldest, 1);
      this.at -= oldest < this.at ? 1 : 0;
      kept -= sizeOf(page?.content);
      if (page !== undefined) {
        this.dropped(page);
      }
    }
  }
}

function sizeOf(content: ShownObject | undefined): number {
  switch (content?.as) {
    case 'picture':
      return content.data.length;
    case 'page':
      return content.html.length;
    case 'text':
      return content.text.length;
    case 'table':
      return content.table.rows.reduce(
        (sum, row) => sum + row.reduce((all, cell) => all + cell.length, 0),
        0,
      );
    default:
      return 0;
  }
}
