import type { BlockedRows } from './blockedRows';
import type { ObjectRow } from './rows';
import type { ValueChanges, ValueChangesParts } from './valueChanges';

/** The way to what changes values: its code is loaded when it is first needed. */
export class ChangeCommands {
  private loaded: Promise<ValueChanges> | undefined;
  private blocked: Promise<BlockedRows> | undefined;

  constructor(private readonly parts: ValueChangesParts) {}

  /** See `ValueChanges.edit`. */
  async edit(row: ObjectRow, given?: string): Promise<void> {
    await (await this.load()).edit(row, given);
  }

  async delete(row: ObjectRow): Promise<void> {
    await (await this.load()).delete(row);
  }

  async undoLast(): Promise<void> {
    await (await this.load()).undoLast();
  }

  /** See `ValueChanges.call`. */
  async call(row: ObjectRow, given?: string): Promise<void> {
    await (await this.load()).call(row, given);
  }

  async take(row: ObjectRow): Promise<void> {
    await (await this.load()).take(row);
  }

  /** See `BlockedRows.tryAnyway`. */
  async tryAnyway(row: ObjectRow): Promise<void> {
    this.blocked ??= import(/* webpackChunkName: "valueChanges" */ './blockedRows.js').then(
      ({ BlockedRows: Loaded }) => new Loaded(this.parts),
    );
    await (await this.blocked).tryAnyway(row);
  }

  private load(): Promise<ValueChanges> {
    this.loaded ??= import(/* webpackChunkName: "valueChanges" */ './valueChanges.js').then(
      ({ ValueChanges: Loaded }) => new Loaded(this.parts),
    );
    return this.loaded;
  }
}
