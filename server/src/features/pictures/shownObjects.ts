import { randomUUID } from 'node:crypto';

import type { ObjectNode } from '../../api/model';
import type { ObjectKeepParams, ObjectShowParams, ShownObject } from '../../api/showing';
import type { Logger } from '../../rpyc/index';
import type { Agent, EmitOutput } from '../agent';
import { accepted, wayTo } from '../inspect/agentSource';
import type { Entry } from '../inspect/handleTable';
import type { RunTies } from '../inspect/objectChanger';
import type { ObjectTree } from '../inspect/objectTree';
import { TextLimit } from '../inspect/preview';
import { ShapeError, asLine, asTuple, readRow } from '../inspect/rows';
import { linkSignals, onAbort } from '../pool/abort';
import type { Lease } from '../pool/lease';
import { ProblemError, notClassic } from '../problem';
import { readError } from '../run/runError';
import type { RunsInProgress } from '../run/runsInProgress';
import { type MadeContent, asBytes, readMade, shownObject, unshownError } from './shownContent';

export interface ShownObjectsOptions {
  readonly tree: ObjectTree;
  readonly runs: RunsInProgress;
  readonly label: (profileId: string) => string;
  readonly logger: Logger;
  /** How long a value may take to make its picture before it is stopped, and how long it may take to stop. */
  readonly limits?: { readonly showMs: number; readonly stopMs: number };
}

const DEFAULT_LIMITS = { showMs: 20_000, stopMs: 5_000 };
const MAX_NAME = 100;

/**
 * Values as pictures, tables, pages and texts. Code of the value runs to make them, in the thread of the runs: it is
 * interrupted when it takes too long, and when nobody waits for it any more. What it makes is fetched in pieces.
 */
export class ShownObjects {
  private readonly limits: { readonly showMs: number; readonly stopMs: number };

  constructor(private readonly options: ShownObjectsOptions) {
    this.limits = options.limits ?? DEFAULT_LIMITS;
  }

  /** @param signal stops it, also on the peer */
  async show({ handle, position }: ObjectShowParams, signal?: AbortSignal): Promise<ShownObject> {
    const entry = this.options.tree.entryOf(handle);
    const place = Number.isSafeInteger(position) && position > 0 ? position : 0;
    const made = await this.make(entry, place, signal);
    if ('as' in made) {
      return made;
    }
    try {
      return shownObject(made, await this.fetch(entry, made, signal));
    } catch (error) {
      throw error instanceof ShapeError ? this.wrong(error) : error;
    } finally {
      if (made.number !== 0) {
        this.options.tree.letGoOf(entry, made.number);
      }
    }
  }

  /** Puts a value under Results, where it can be looked into for as long as the connection lives. */
  async keep({ handle, what }: ObjectKeepParams, signal?: AbortSignal): Promise<ObjectNode> {
    const { tree } = this.options;
    const entry = tree.entryOf(handle);
    return tree.borrow(entry, signal, async (lease) => {
      const { base, steps } = wayTo(entry);
      const name = typeof what === 'string' ? what.slice(0, MAX_NAME) : '';
      const [row] = accepted(await this.agentOf(lease).ask('keep_value', [base, steps, name], { signal }));
      return tree.showResult(entry.profileId, readRow(row));
    });
  }

  /** Has the peer make it. */
  private async make(
    entry: Entry,
    position: number,
    signal: AbortSignal | undefined,
  ): Promise<MadeContent | Extract<ShownObject, { as: 'error' }>> {
    const { tree, runs, logger } = this.options;
    const callId = `show-${randomUUID()}`;
    const { profileId } = entry;
    // A value that a run gave is asked for what its class says of itself: the user has run that code.
    const asked = entry.step.kind === 'root';
    const waiting = new AbortController();
    const either = linkSignals(signal, waiting.signal);
    const stop = (): void => {
      runs
        .interrupt({ profileId, runId: callId, insist: true })
        .catch((error: unknown) => logger.debug(`A picture could not be stopped: ${String(error)}`));
    };
    const stopping = onAbort(signal, stop);
    const late: { timer?: NodeJS.Timeout; error?: ProblemError } = {};
    const tooLate = (): void => {
      late.error = this.tooSlow();
      stop();
      late.timer = setTimeout(() => waiting.abort(late.error), this.limits.stopMs);
    };
    try {
      return await tree.changes.asRun(
        entry,
        callId,
        either.signal,
        async (_changer, { emit, perform }, lease) => {
          late.timer = setTimeout(tooLate, this.limits.showMs);
          const [made, error] = await this.ask(lease, entry, [position, asked, emit, callId], perform);
          if (error !== null) {
            if (late.error !== undefined) {
              throw late.error;
            }
            return { as: 'error', error: readError(error) };
          }
          const content = readMade(made);
          if (either.signal.aborted && content.number !== 0) {
            tree.letGoOf(entry, content.number);
          }
          return content;
        },
      );
    } finally {
      clearTimeout(late.timer);
      stopping.dispose();
      either.dispose();
    }
  }

  private async ask(
    lease: Lease,
    entry: Entry,
    args: readonly [number, boolean, EmitOutput, string],
    perform: RunTies['perform'],
  ): Promise<readonly unknown[]> {
    const { base, steps } = wayTo(entry);
    const answer = await perform(this.agentOf(lease), 'show', [base, steps, ...args]);
    const [status, text] = asTuple(answer, 'answer');
    if (status === 'unshown') {
      throw unshownError(`${asLine(text, TextLimit.hover)}.`);
    }
    return accepted(answer);
  }

  /** The rest of the bytes, piece by piece: each is a request of its own, and others come between them. */
  private async fetch(
    entry: Entry,
    { number, length, first }: MadeContent,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const pieces = [first];
    let had = first.length;
    while (had < length) {
      const offset = had;
      const piece = await this.options.tree.borrow(entry, signal, async (lease) => {
        const [bytes] = accepted(await this.agentOf(lease).ask('piece', [number, offset], { signal }));
        return asBytes(bytes);
      });
      if (piece.length === 0) {
        throw new ShapeError('piece');
      }
      pieces.push(piece);
      had += piece.length;
    }
    if (had !== length) {
      throw new ShapeError('length');
    }
    return pieces.length === 1 ? first : Buffer.concat(pieces);
  }

  private agentOf({ agent, profileId }: Lease): Agent {
    if (agent === undefined) {
      throw new ProblemError(notClassic(this.options.label(profileId)));
    }
    return agent;
  }

  private wrong(error: ShapeError): ProblemError {
    return unshownError(
      'The peer sent a picture that makes no sense: look at the value instead.',
      error.message,
    );
  }

  private tooSlow(): ProblemError {
    const seconds = Math.round(this.limits.showMs / 1000);
    return unshownError(
      `The value took longer than ${seconds} s to make its picture and was stopped: show less of it, or look at its value.`,
    );
  }
}

/** Loads what answers when it is first asked. */
export type LoadShownObjects = () => Promise<ShownObjects>;
