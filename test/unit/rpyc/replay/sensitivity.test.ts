/** The replays must be able to fail: one byte is enough, in whatever frame it is. */
import assert from 'node:assert/strict';
import {
  loadRecording,
  readSession,
  type Recording,
  type RecordedFrame,
  type SessionJson,
  type Side,
  toRecording,
} from '../../../support/replay/recording';
import { replayClient } from '../../../support/replay/replayClient';
import { replayServer } from '../../../support/replay/replayServer';
import { CalcService } from './customScenario';
import { scenarioOf, sessions } from './sessions';

type Play = (recording: Recording) => Promise<void>;

function clientOf(name: string): Play {
  return (recording) => replayClient(recording, scenarioOf(name), { byteByByte: false });
}

const server: Play = (recording) => replayServer(recording, new CalcService(), { byteByByte: false });

/** The recording with another payload in one frame. */
function withPayload(recording: Recording, changed: RecordedFrame, payload: Uint8Array): Recording {
  const frames = recording.frames.map((frame) => (frame === changed ? { ...frame, payload } : frame));
  return { ...recording, frames };
}

/** `bytes` with the lowest bit of one byte turned over: a digit stays a digit, a letter a letter. */
function flipped(bytes: Uint8Array, position: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[position] = (copy[position] ?? 0) ^ 1;
  return copy;
}

/** A position in a frame, another one in each. */
function somewhere({ index, payload }: RecordedFrame): number {
  return (index * 7919 + 13) % payload.length;
}

async function passes(play: Play, recording: Recording): Promise<boolean> {
  try {
    await play(recording);
    return true;
  } catch {
    return false;
  }
}

/** Frames, every `step`th of one side, in which one flipped byte goes unnoticed. */
async function unnoticed(recording: Recording, from: Side, play: Play, step = 1): Promise<string[]> {
  const found: string[] = [];
  const frames = recording.frames.filter((frame) => frame.from === from);
  for (const frame of frames.filter((_, index) => index % step === 0)) {
    const position = somewhere(frame);
    const changed = withPayload(recording, frame, flipped(frame.payload, position));
    if (await passes(play, changed)) found.push(`frame ${frame.index}, byte ${position}`);
  }
  return found;
}

describe('a replay notices one flipped byte', () => {
  for (const [name, step] of [
    ['custom-3.3', 1],
    ['custom-3.4.4-py27', 1],
    ['custom-4.0.2', 1],
    ['isinst-4.0.2', 1],
    ['classic-3.4.4', 7],
    ['classic-3.4.4-py27', 7],
    ['classic-4.0.2-py27', 7],
    ['helpers-4.0.2', 29],
    ['custom-4.1.5', 1],
    ['custom-6.0.2', 1],
    ['isinst-5.3.0', 1],
    ['classic-5.3.0', 7],
    ['classic-6.0.2', 7],
    ['helpers-4.1.5', 29],
    ['helpers-6.0.2', 29],
  ] as const) {
    const which = step === 1 ? 'each frame' : `every ${step}th frame`;
    it(`in ${which} of the client of ${name}`, async function () {
      this.timeout(60_000);
      const found = await unnoticed(loadRecording(name), 'client', clientOf(name), step);
      // What a peer of 3.x takes for its shortcuts it never names again: a digit of those numbers.
      const isUnused = (where: string): boolean =>
        name.startsWith('classic-3') && /^frame (14|18|22|26),/.test(where);
      assert.deepEqual(
        found.filter((where) => !isUnused(where)),
        [],
      );
    });
  }

  it('in each byte of a request and of an answer', async function () {
    this.timeout(60_000);
    const name = 'custom-5.3.0';
    const recording = loadRecording(name);
    const own = recording.frames.filter(({ from }) => from === 'client');
    const hasFunction = ({ payload }: RecordedFrame): boolean =>
      Buffer.from(payload).includes('builtins.function');
    // The request with a callback of ours in it, and the answer to the call back.
    const request = own.find(hasFunction);
    const answer = own.find(({ payload }) => payload[1] === 0x52);
    for (const frame of [request, answer]) {
      assert.ok(frame !== undefined);
      for (let position = 0; position < frame.payload.length; position++) {
        const changed = withPayload(recording, frame, flipped(frame.payload, position));
        assert.equal(await passes(clientOf(name), changed), false, `byte ${position}`);
      }
    }
  });

  for (const name of ['custom-3.3', 'custom-3.4.4-py27', 'custom-4.0.2', 'custom-6.0.2']) {
    it(`in each frame of the server of ${name}`, async function () {
      this.timeout(60_000);
      const recording = loadRecording(name);
      const found = await unnoticed(recording, 'server', server);
      // INSPECT is compared in its form only: a letter of a Python method's name.
      assert.ok(found.length <= 1, found.join('\n'));
    });
  }
});

describe('a replay notices', () => {
  const name = 'custom-5.3.0';

  it('that the recording ends early', async () => {
    const recording = loadRecording(name);
    for (const count of [0, 1, 50, recording.frames.length - 1]) {
      const cut = { ...recording, frames: recording.frames.slice(0, count) };
      assert.equal(await passes(clientOf(name), cut), false, `${count} frames`);
    }
  });

  it('that the recording goes on', async () => {
    const recording = loadRecording(name);
    const [first] = recording.frames;
    assert.ok(first !== undefined);
    const longer = { ...recording, frames: [...recording.frames, { ...first, index: 1000 }] };
    assert.equal(await passes(clientOf(name), longer), false);
  });

  it('that two requests were exchanged', async () => {
    const recording = loadRecording(name);
    const frames = [...recording.frames];
    const [a, b] = [frames[2], frames[4]];
    assert.ok(a !== undefined && b !== undefined && a.from === b.from);
    frames[2] = { ...b, index: a.index };
    frames[4] = { ...a, index: b.index };
    assert.equal(await passes(clientOf(name), { ...recording, frames }), false);
  });
});

describe('a recording is read only', () => {
  /** A session of one frame, with one nibble of its hex changed. */
  function tampered(session: SessionJson, frame: SessionJson['frames'][number], nibble: number): SessionJson {
    const { hex = '' } = frame;
    const digit = (Number.parseInt(hex.charAt(nibble), 16) ^ 1).toString(16);
    const changed = { ...frame, hex: hex.slice(0, nibble) + digit + hex.slice(nibble + 1) };
    return { ...session, frames: [changed], frameCount: 1 };
  }

  for (const name of sessions) {
    it(`if its bytes are what it says they are: ${name}`, () => {
      const session = readSession(name);
      session.frames.forEach((frame, index) => {
        // A compressed stream has bits without a meaning; what it holds is in the recording once more.
        if (frame.hex === undefined || frame.compressed === true) return;
        const nibble = (index * 7919 + 5) % frame.hex.length;
        const read = (): unknown => toRecording(name, tampered(session, frame, nibble));
        assert.throws(read, `frame ${index}, nibble ${nibble}`);
      });
    });
  }
});
