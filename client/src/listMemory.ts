import * as vscode from 'vscode';
import type { ListChoices } from './arrangement';

const ORDER = 'connectionOrder';
const FAVOURITES = 'favouriteConnections';
const RECENTS = 'recentConnections';
const RECENTS_LIMIT = 30;

/** When a connection was last made. */
export interface Recent {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What the user has decided about the list of connections, and which of them were used. */
export class ListMemory implements ListChoices, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();

  readonly onDidChange = this.changed.event;

  constructor(private readonly memory: vscode.Memento) {}

  get order(): readonly string[] {
    return this.memory.get<readonly string[]>(ORDER) ?? [];
  }

  get favourites(): readonly string[] {
    return this.memory.get<readonly string[]>(FAVOURITES) ?? [];
  }

  /** The newest first. */
  get recents(): readonly Recent[] {
    return this.memory.get<readonly Recent[]>(RECENTS) ?? [];
  }

  async setOrder(order: readonly string[]): Promise<void> {
    await this.memory.update(ORDER, order);
    this.changed.fire();
  }

  async setFavourite(id: string, isOne: boolean): Promise<void> {
    const others = this.favourites.filter((one) => one !== id);
    await this.memory.update(FAVOURITES, isOne ? [...others, id] : others);
    this.changed.fire();
  }

  /** It was connected just now. */
  async used(id: string): Promise<void> {
    const others = this.recents.filter((recent) => recent.id !== id);
    await this.memory.update(RECENTS, [{ id, at: Date.now() }, ...others].slice(0, RECENTS_LIMIT));
  }

  /** A profile is known by another id now. @param to undefined where it is no more */
  async rename(from: string, to: string | undefined): Promise<void> {
    if (from === to) {
      return;
    }
    const ids = (known: readonly string[]): readonly string[] =>
      known.flatMap((id) => (id === from ? (to ?? []) : id));
    await this.memory.update(ORDER, ids(this.order));
    await this.memory.update(FAVOURITES, ids(this.favourites));
    const recents = this.recents.flatMap(({ id, at }) => ids([id]).map((now) => ({ id: now, at })));
    await this.memory.update(RECENTS, recents);
    this.changed.fire();
  }

  dispose(): void {
    this.changed.dispose();
  }
}
