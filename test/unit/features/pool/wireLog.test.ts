import assert from 'node:assert/strict';

import { WireLog } from '../../../../server/src/features/pool/wireLog';

const GETROOT = Buffer.from('1251501153115102', 'hex');
const GETROOT_REPLY = Buffer.from('1252501151086261', 'hex');
const DEL = Buffer.from('125151115f115102', 'hex');

function recorded(level: 'off' | 'messages' | 'verbose'): {
  readonly lines: string[];
  readonly log: WireLog;
} {
  const lines: string[] = [];
  const log = new WireLog({ trace: (line) => lines.push(line) });
  log.setLevel(level);
  const trace = log.record();
  trace('out', GETROOT);
  trace('in', GETROOT_REPLY);
  trace('out', DEL);
  return { lines, log };
}

describe('WireLog', () => {
  it('writes nothing while it is off, and keeps what the report needs', () => {
    const { lines, log } = recorded('off');
    assert.deepEqual(lines, []);
    const [events = []] = log.events.values();
    assert.equal(events.length, 3);
    assert.match(events[0] ?? '', /^\d+ ms → request getroot 0, 8 bytes$/);
  });

  it('writes a line per message, with the time that its answer took', () => {
    const { lines } = recorded('messages');
    assert.equal(lines.length, 2);
    assert.equal(lines[0], 'wire #1 → request getroot 0, 8 bytes');
    assert.match(lines[1] ?? '', /^wire #1 ← reply 0, 8 bytes, \d+\.\d ms$/);
  });

  it('writes what housekeeping sends only where everything is asked for', () => {
    assert.equal(recorded('verbose').lines[2], 'wire #1 → request del 1, 8 bytes');
  });

  it('keeps the last fifty events of each of the last twenty connections', () => {
    const log = new WireLog({ trace: () => undefined });
    for (let connection = 0; connection < 25; connection++) {
      const trace = log.record();
      for (let count = 0; count < 60; count++) {
        trace('out', GETROOT);
      }
    }
    assert.equal(log.events.size, 20);
    assert.ok([...log.events.values()].every(({ length }) => length === 50));
    assert.ok(log.events.has('#25') && !log.events.has('#5'));
  });

  it('takes bytes that are no message', () => {
    const log = new WireLog({ trace: () => undefined });
    log.record()('in', Buffer.from('garbage'));
    assert.match([...log.events.values()].flat()[0] ?? '', /← unknown, 7 bytes/);
  });
});
