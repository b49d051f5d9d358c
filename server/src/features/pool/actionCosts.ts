import { AsyncLocalStorage } from 'node:async_hooks';

import type { ActionCost } from '../../api/wire';
import { Emitter, type Event, type TraceFrame, readMessageHead } from '../../rpyc/index';

/** By which a client keeps house; nobody waits for them, or nobody asked for them. */
const HOUSEKEEPING = new Set(['del', 'ping', 'close']);
/** Requests whose answers are awaited. A peer that never answers, or never stops asking, does not make this grow. */
const KEPT_REQUESTS = 1000;

/** What an action is about. */
export type ActionSubject = Pick<ActionCost, 'method' | 'target' | 'path'>;

/** An action that is under way. */
class Action {
  profileId: string | undefined;
  roundTrips = 0;
  requests = 0;
  callbacks = 0;
  bytesSent = 0;
  bytesReceived = 0;
  /** The longest chain of requests, each sent after the answer to the one before, that is answered. */
  answered = 0;
  isOver = false;
}

interface OpenRequest {
  readonly action: Action;
  /** Its place in such a chain. */
  readonly depth: number;
}

/**
 * Counts what each action causes on the wire. Whatever an action sends bears its name, since that follows the flow of
 * promises; an answer belongs to the action whose request has its number. So actions on one connection do not mix.
 * While it is switched off, nothing is followed and no message is looked at.
 */
export class ActionCosts {
  private readonly finished = new Emitter<ActionCost>();
  private storage: AsyncLocalStorage<Action | undefined> | undefined;
  private lastId = 0;

  /** An action that sent something has ended. */
  readonly onDidFinish: Event<ActionCost> = this.finished.event;

  get isOn(): boolean {
    return this.storage !== undefined;
  }

  /** Actions that are under way are not told of any more when it is switched off. */
  switch(on: boolean): void {
    if (on === this.isOn) {
      return;
    }
    this.storage?.disable();
    this.storage = on ? new AsyncLocalStorage<Action | undefined>() : undefined;
  }

  /** Does the work, and tells what it cost. */
  async measure<T>(subject: ActionSubject, work: () => T | Promise<T>): Promise<T> {
    const { storage } = this;
    if (storage === undefined) {
      return work();
    }
    const action = new Action();
    const started = performance.now();
    let failed = true;
    try {
      const result = await storage.run(action, work);
      failed = false;
      return result;
    } finally {
      action.isOver = true;
      if (storage === this.storage) {
        this.tell(subject, action, performance.now() - started, failed);
      }
    }
  }

  /** What is done here belongs to no action, whichever caused it. */
  apart(work: () => void): void {
    if (this.storage === undefined) {
      work();
    } else {
      this.storage.run(undefined, work);
    }
  }

  /** Takes the traffic of a new connection, and passes it on. */
  watch(profileId: string, next: TraceFrame): TraceFrame {
    const open = new OpenRequests();
    return (direction, payload, frameBytes) => {
      if (this.storage !== undefined) {
        open.note(direction, payload, frameBytes, () => this.current(profileId));
      }
      next(direction, payload, frameBytes);
    };
  }

  private current(profileId: string): Action | undefined {
    const action = this.storage?.getStore();
    if (action === undefined || action.isOver) {
      return undefined;
    }
    action.profileId ??= profileId;
    return action;
  }

  private tell(subject: ActionSubject, action: Action, elapsedMs: number, failed: boolean): void {
    const { profileId, roundTrips, requests, callbacks, bytesSent, bytesReceived } = action;
    if (profileId === undefined) {
      return;
    }
    this.lastId += 1;
    this.finished.fire({
      ...subject,
      id: this.lastId,
      profileId,
      roundTrips,
      requests,
      callbacks,
      bytesSent,
      bytesReceived,
      elapsedMs,
      at: Date.now(),
      failed,
    });
  }
}

/** The requests of one connection that wait for an answer, of both directions, and the actions that they are for. */
class OpenRequests {
  private readonly ours = new Map<string, OpenRequest>();
  private readonly theirs = new Map<string, Action>();

  note(direction: 'in' | 'out', payload: Uint8Array, bytes: number, current: () => Action | undefined): void {
    const head = readMessageHead(payload);
    if (head === undefined) {
      return;
    }
    const { kind, seq, handler = '' } = head;
    if (direction === 'out') {
      if (kind === 'request') {
        this.ask(seq, bytes, HOUSEKEEPING.has(handler) ? undefined : current());
      } else {
        const action = take(this.theirs, seq);
        if (action !== undefined) {
          action.bytesSent += bytes;
        }
      }
    } else if (kind === 'request') {
      if (!HOUSEKEEPING.has(handler)) {
        this.serve(seq, bytes);
      }
    } else {
      this.answer(seq, bytes);
    }
  }

  private ask(seq: string, bytes: number, action: Action | undefined): void {
    if (action === undefined) {
      return;
    }
    const depth = action.answered + 1;
    action.requests += 1;
    action.roundTrips = Math.max(action.roundTrips, depth);
    action.bytesSent += bytes;
    keep(this.ours, seq, { action, depth });
  }

  private answer(seq: string, bytes: number): void {
    const request = take(this.ours, seq);
    if (request !== undefined) {
      request.action.bytesReceived += bytes;
      request.action.answered = Math.max(request.action.answered, request.depth);
    }
  }

  /** The peer does not say for which of our requests it asks: where two actions wait, it is counted for neither. */
  private serve(seq: string, bytes: number): void {
    const [action, ...others] = new Set([...this.ours.values()].map((request) => request.action));
    if (action !== undefined && others.length === 0) {
      action.callbacks += 1;
      action.bytesReceived += bytes;
      keep(this.theirs, seq, action);
    }
  }
}

function keep<T>(requests: Map<string, T>, seq: string, request: T): void {
  requests.set(seq, request);
  const [oldest] = requests.keys();
  if (requests.size > KEPT_REQUESTS && oldest !== undefined) {
    requests.delete(oldest);
  }
}

function take<T>(requests: Map<string, T>, seq: string): T | undefined {
  const request = requests.get(seq);
  requests.delete(seq);
  return request;
}
