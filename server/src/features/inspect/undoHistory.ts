import { isNetref, release } from '../../rpyc/index';
import type { Entry } from './handleTable';
import type { Undo } from './objectChanger';
import { undoneError } from './treeProblems';

/** As many as the helper keeps for one connection. */
const MAX_UNDOS = 100;

export interface KeptUndo {
  readonly id: number;
  readonly profileId: string;
  readonly generation: number;
  /** The row whose closing ends it; none where every row on the way was closed already. */
  readonly owner: Entry | undefined;
  readonly undo: Undo;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/**
 * What undoes changes, until the row above what was changed is closed or the connection ends. The numbers are good in
 * this start of the process only.
 */
export class UndoHistory {
  private readonly kept = new Map<number, KeptUndo>();
  private lastId = 0;

  /**
   * @param letGo called with numbers that need not be held on the peer any more
   * @param onDidChange called with the profile when more or less is kept
   */
  constructor(
    private readonly letGo: (profileId: string, generation: number, number: number) => void,
    private readonly onDidChange: (profileId: string) => void = () => undefined,
  ) {}

  /** Keeps what undoes a change of this row. @returns its number */
  add(entry: Entry, undo: Undo): number {
    const { profileId, generation } = entry;
    this.lastId += 1;
    const since = Date.now();
    this.kept.set(this.lastId, {
      id: this.lastId,
      profileId,
      generation,
      owner: openAbove(entry),
      undo,
      since,
    });
    for (const oldest of this.of(profileId).slice(0, -MAX_UNDOS)) {
      this.drop(oldest);
    }
    this.onDidChange(profileId);
    return this.lastId;
  }

  /** What is kept of one connection, the oldest first. */
  of(profileId: string): readonly KeptUndo[] {
    return [...this.kept.values()].filter((one) => one.profileId === profileId);
  }

  /** This change cannot be undone any more. */
  letGoOf(id: number): void {
    const kept = this.kept.get(id);
    if (kept !== undefined) {
      this.drop(kept);
    }
  }

  /** @throws ProblemError `ERR_UNDONE` */
  find(id: number): KeptUndo {
    const kept = this.kept.get(id);
    if (kept === undefined) {
      throw undoneError();
    }
    return kept;
  }

  profileOf(id: number): string | undefined {
    return this.kept.get(id)?.profileId;
  }

  /** It was undone: the peer has let go of it already. */
  done({ id, profileId, undo }: KeptUndo): void {
    this.kept.delete(id);
    releaseOld(undo);
    this.onDidChange(profileId);
  }

  /** The row is closed. @param twin gives an open row of the same path, as a refresh leaves one */
  close(entry: Entry, twin: () => Entry | undefined): void {
    for (const kept of this.kept.values()) {
      if (kept.owner === entry) {
        const owner = twin();
        if (owner === undefined) {
          this.drop(kept);
        } else {
          this.kept.set(kept.id, { ...kept, owner });
        }
      }
    }
  }

  /** The connection is gone, and what was held there. */
  forget(profileId: string): void {
    for (const kept of this.kept.values()) {
      if (kept.profileId === profileId) {
        this.kept.delete(kept.id);
      }
    }
  }

  private drop({ id, profileId, generation, undo }: KeptUndo): void {
    this.kept.delete(id);
    if (undo.kind === 'number') {
      this.letGo(profileId, generation, undo.number);
    }
    releaseOld(undo);
    this.onDidChange(profileId);
  }
}

function releaseOld(undo: Undo): void {
  if (undo.kind === 'old' && isNetref(undo.value)) {
    void release(undo.value);
  }
}

function openAbove({ parent }: Entry): Entry | undefined {
  let at = parent;
  while (at !== undefined && !at.open) {
    at = at.parent;
  }
  return at;
}
