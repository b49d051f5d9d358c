import type { CallEffect, CallNews, CallRecord } from '../../api/callbacks';

/** Calls in one portion, and characters that are printed by it. */
const MAX_CALLS = 100;
const MAX_PRINTED = 262_144;
const MAX_EFFECTS = 200;
const PAUSE_MS = 100;

/** Gathers what has happened, and tells it in portions. The first of a quiet time is told at once. */
export class CallBatches {
  /** By number: the newest state of each. */
  private calls = new Map<number, CallRecord>();
  /** Calls that were told while they waited: their end is told whatever else happens. */
  private readonly open = new Set<number>();
  private effects: CallEffect[] = [];
  private printed = 0;
  private unlisted = 0;
  private dropped = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly tell: (news: CallNews) => void) {}

  note(record: CallRecord): void {
    this.calls.set(record.id, record);
    this.schedule();
  }

  add(effect: CallEffect): void {
    const last = this.effects.at(-1);
    if (effect.kind === 'print') {
      const left = MAX_PRINTED - this.printed;
      const text = effect.text.slice(0, left);
      this.printed += text.length;
      this.dropped += effect.text.length - text.length;
      if (last?.kind === 'print' && last.peer === effect.peer) {
        this.effects[this.effects.length - 1] = { ...last, text: last.text + text };
      } else if (text !== '') {
        this.push({ ...effect, text });
      }
    } else if (effect.kind === 'progress' || effect.kind === 'show') {
      // Only the newest is of interest.
      this.effects = this.effects.filter(({ kind, peer }) => kind !== effect.kind || peer !== effect.peer);
      this.push(effect);
    } else {
      this.push(effect);
    }
    this.schedule();
  }

  /** What is left is not told. */
  dispose(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private push(effect: CallEffect): void {
    if (this.effects.length < MAX_EFFECTS || effect.kind === 'gone') {
      this.effects.push(effect);
    }
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => this.flush(), PAUSE_MS);
  }

  private flush(): void {
    this.timer = undefined;
    const all = [...this.calls.values()].sort((a, b) => a.id - b.id);
    const fresh = all.filter(({ id }) => !this.open.has(id));
    const surplus = new Set(fresh.slice(0, Math.max(0, fresh.length - MAX_CALLS)));
    const calls = all.filter((record) => !surplus.has(record));
    for (const { id, state } of calls) {
      if (state === 'waiting') {
        this.open.add(id);
      } else {
        this.open.delete(id);
      }
    }
    const { effects, dropped } = this;
    this.unlisted += [...surplus].filter(({ state }) => state !== 'waiting').length;
    const { unlisted } = this;
    // Those that still wait are listed later, when there is room.
    this.calls = new Map(
      [...surplus].filter(({ state }) => state === 'waiting').map((call) => [call.id, call]),
    );
    this.effects = [];
    this.printed = this.unlisted = this.dropped = 0;
    this.tell({ calls, effects, unlisted, dropped });
    if (this.calls.size > 0) {
      this.schedule();
    }
  }
}
