/** Which id of ours stands for which recorded one, for objects of the side that we play. */
import assert from 'node:assert/strict';
import type { BrineValue } from '../../../server/src/rpyc/core/pyTypes';
import { asText } from '../versions';
import {
  asTuple,
  idPacks,
  integers,
  isIdPack,
  isOidPack,
  packKey,
  parseMessage,
  replaceIntegers,
  replacePacks,
} from './message';
import type { Recording, Side } from './recording';

const TUPLE = 2;
const REMOTE_REF = 4;

/** What kinds of ours stand for which of Python's. Equal names need no line. */
const standIns: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['function', new Set(['method', 'builtin_function_or_method', 'instancemethod'])],
  ['generator', new Set(['list_iterator', 'listiterator'])],
]);

/** Modules of the classes of all objects that are lent in sessions of 4.0 and before, and ours. */
const MODULES = /^(builtins|__builtin__|_io|__main__|rpyc\.core\.service|exceptions|__javascript__)$/;

/** How the recorded dialect refers to objects. */
interface Form {
  /** The key and the name of the class in the payload of a REMOTE_REF. */
  read(payload: BrineValue | undefined): { readonly key: string; readonly name: string };
  /** Every key in a value, and whatever else looks like one. */
  keys(value: BrineValue): readonly string[];
  /** What goes back to the owner of a REMOTE_REF. */
  echo(payload: BrineValue): BrineValue;
  replace(value: BrineValue, by: (key: string) => BrineValue | undefined): BrineValue;
}

const idPackForm: Form = {
  read(payload) {
    assert.ok(payload !== undefined && isIdPack(payload), 'a reference has an id pack');
    return { key: packKey(payload), name: payload[0] };
  },
  keys: (value) => idPacks(value).map(packKey),
  echo: (payload) => payload,
  replace: (value, by) => replacePacks(value, (pack) => by(packKey(pack)) as typeof pack | undefined),
};

const oidForm: Form = {
  read(payload) {
    assert.ok(payload !== undefined && isOidPack(payload), 'a reference has a number and two names');
    // The peer never says the module again: it is none but these.
    assert.match(String(asText(payload[2])), MODULES);
    return { key: String(payload[0]), name: String(asText(payload[1])) };
  },
  keys: (value) => integers(value).map(String),
  echo: (payload) => asTuple(payload)[0],
  replace: (value, by) => replaceIntegers(value, (integer) => by(String(integer))),
};

interface Learned {
  /** The frame in which the recorded side first sent the reference. */
  readonly frame: number;
  readonly ours: BrineValue;
}

export class IdMap {
  private readonly form: Form;
  /** Key of ours to recorded key. */
  private readonly recordedByOurs = new Map<string, string>();
  private readonly learned = new Map<string, Learned[]>();
  private readonly usedByPeer: ReadonlySet<string>;
  /** Peers of 3.x and 4.0 keep some of what they take as they connect, and say no more of it. */
  private readonly mayBeUnused: boolean;

  constructor(recording: Recording, side: Side) {
    const isOld = recording.dialect === 'A' || recording.dialect === 'B';
    this.form = isOld ? oidForm : idPackForm;
    this.mayBeUnused = isOld && recording.name.startsWith('classic-');
    const keys = recording.frames
      .filter(({ from }) => from !== side)
      .flatMap(({ payload }) => {
        const message = parseMessage(payload.subarray(recording.bindThreads ? 16 : 0), recording.envelope);
        return this.form.keys(message.body);
      });
    this.usedByPeer = new Set(keys);
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
    this.learn(payload, recordedPayload, frame);
    return [label, recordedPayload];
  }

  /** A value of the peer's with our ids in the place of recorded ones, as they were when `frame` was sent. */
  toOurs(value: BrineValue, frame: number): BrineValue {
    return this.form.replace(value, (key) => {
      const all = this.learned.get(key) ?? [];
      return all.findLast((entry) => entry.frame < frame)?.ours;
    });
  }

  private learn(ours: BrineValue, recorded: BrineValue, frame: number): void {
    const { key: ourKey, name: ourName } = this.form.read(ours);
    const { key: recordedKey, name: recordedName } = this.form.read(recorded);
    assert.ok(isStandIn(ourName, recordedName), `${ourName} stands for ${recordedName}`);
    const known = this.recordedByOurs.get(ourKey);
    if (known === recordedKey) return;
    // The recorded address may be used again for another object, but an object keeps its own.
    assert.equal(known, undefined, `object ${ourKey} is ${recordedKey} now`);
    // An id that nobody uses again could be anything.
    assert.ok(this.mayBeUnused || this.usedByPeer.has(recordedKey), `the peer knows ${recordedKey}`);
    this.recordedByOurs.set(ourKey, recordedKey);
    const learned = { frame, ours: this.form.echo(ours) };
    this.learned.set(recordedKey, [...(this.learned.get(recordedKey) ?? []), learned]);
  }
}

function isStandIn(ours: string, recorded: string): boolean {
  const kind = lastName(ours);
  return kind === lastName(recorded) || standIns.get(kind)?.has(lastName(recorded)) === true;
}

function lastName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
