/** Which id of ours stands for which recorded one, for objects of the side that we play. */
import assert from 'node:assert/strict';
import type { BrineValue } from '../../../server/src/rpyc/core/pyTypes';
import { asTuple, type IdPack, idPacks, isIdPack, packKey, parseMessage, replacePacks } from './message';
import type { Recording, Side } from './recording';

const TUPLE = 2;
const REMOTE_REF = 4;

/** What kinds of ours stand for which of Python's. Equal names need no line. */
const standIns: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['function', new Set(['method', 'builtin_function_or_method'])],
  ['generator', new Set(['list_iterator'])],
]);

interface Learned {
  /** The frame in which the recorded side first sent the reference. */
  readonly frame: number;
  readonly ours: IdPack;
}

export class IdMap {
  private readonly recordedByOurs = new Map<string, IdPack>();
  private readonly learned = new Map<string, Learned[]>();
  private readonly usedByPeer: ReadonlySet<string>;

  constructor(recording: Recording, side: Side) {
    const packs = recording.frames
      .filter(({ from }) => from !== side)
      .flatMap(({ payload }) =>
        idPacks(parseMessage(payload.subarray(recording.bindThreads ? 16 : 0), recording.envelope).body),
      );
    this.usedByPeer = new Set(packs.map(packKey));
  }

  /**
   * A boxed value of ours with recorded ids in its references to objects of ours. An id that is new is learned from
   * the place where the recorded value has one.
   */
  toRecorded(ours: BrineValue, recorded: BrineValue, frame: number): BrineValue {
    const [label, payload] = asTuple(ours);
    const [recordedLabel, recordedPayload] = asTuple(recorded);
    if (label === TUPLE && recordedLabel === TUPLE) {
      const others = asTuple(recordedPayload);
      return [
        label,
        asTuple(payload).map((item, index) => this.toRecorded(item, others[index] ?? null, frame)),
      ];
    }
    if (label !== REMOTE_REF || recordedLabel !== REMOTE_REF) return ours;
    assert.ok(payload !== undefined && isIdPack(payload), 'a reference of ours has an id pack');
    assert.ok(
      recordedPayload !== undefined && isIdPack(recordedPayload),
      'a recorded reference has an id pack',
    );
    return [label, this.recordedFor(payload, recordedPayload, frame)];
  }

  /** A value of the peer's with our ids in the place of recorded ones, as they were when `frame` was sent. */
  toOurs(value: BrineValue, frame: number): BrineValue {
    return replacePacks(value, (pack) => {
      const all = this.learned.get(packKey(pack)) ?? [];
      return all.findLast((entry) => entry.frame < frame)?.ours;
    });
  }

  private recordedFor(ours: IdPack, recorded: IdPack, frame: number): IdPack {
    const known = this.recordedByOurs.get(packKey(ours));
    if (known !== undefined && packKey(known) === packKey(recorded)) return recorded;
    const recordedKey = packKey(recorded);
    // The recorded address may be used again for another object, but an object keeps its own.
    assert.equal(known, undefined, `object ${packKey(ours)} is ${recordedKey} now`);
    assert.ok(isStandIn(ours[0], recorded[0]), `${ours[0]} stands for ${recorded[0]}`);
    // An id that nobody uses again could be anything.
    assert.ok(this.usedByPeer.has(recordedKey), `the peer knows ${recordedKey}`);
    this.recordedByOurs.set(packKey(ours), recorded);
    this.learned.set(recordedKey, [...(this.learned.get(recordedKey) ?? []), { frame, ours }]);
    return recorded;
  }
}

function isStandIn(ours: string, recorded: string): boolean {
  const kind = lastName(ours);
  return kind === lastName(recorded) || standIns.get(kind)?.has(lastName(recorded)) === true;
}

function lastName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
