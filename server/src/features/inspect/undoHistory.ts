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
}

/**
 * What undoes changes, until the row above what was changed is closed or the connection ends. The numbers are good in
 * this start of the process only.
 */
export class UndoHistory {
  private readonly kept = new Map<number, KeptUndo>();
  private lastId = 0;

  /** @param letGo called with numbers that need not be held on the peer any more */
  constructor(private readonly letGo: (profileId: string, generation: number, number: number) => void) {}

  /** Keeps what undoes a change of this row. @returns its number */
  add(entry: Entry, undo: Undo): number {
    const { profileId, generation } = entry;
    this.lastId += 1;
    this.kept.set(this.lastId, { id: this.lastId, profileId, generation, owner: openAbove(entry), undo });
    const ofProfile = [...this.kept.values()].filter((one) => one.profileId === profileId);
    for (const oldest of ofProfile.slice(0, -MAX_UNDOS)) {
      this.drop(oldest);
    }
    return this.lastId;
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
  done({ id, undo }: KeptUndo): void {
    this.kept.delete(id);
    releaseOld(undo);
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
