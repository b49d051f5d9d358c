import assert from 'node:assert/strict';

import { dump } from '../../../../server/src/rpyc/core/brine';
import { DEFAULT_LIMITS } from '../../../../server/src/rpyc/core/config';
import { Handler, MessageType } from '../../../../server/src/rpyc/core/consts';
import { dialectOf } from '../../../../server/src/rpyc/core/dialect';
import { readMessageHead } from '../../../../server/src/rpyc/core/messageHead';

const body = [Handler.getattr, [1, ['x', 'y']]] as const;

describe('readMessageHead', () => {
  for (const dialect of [dialectOf('C'), dialectOf('D')]) {
    describe(`in dialect ${dialect.name}`, () => {
      it('tells what a request asks for, whatever its number', () => {
        for (const seq of [0, 7, 159, 160, 1_000_000]) {
          const payload = dialect.encode(MessageType.request, seq, body);
          assert.deepEqual(readMessageHead(payload), {
            kind: 'request',
            seq: String(seq),
            handler: 'getattr',
          });
          assert.equal(dialect.decode(payload, DEFAULT_LIMITS).seq, seq);
        }
      });

      it('tells replies and exceptions', () => {
        for (const kind of ['reply', 'exception'] as const) {
          const payload = dialect.encode(MessageType[kind], 5, [1, 'secret']);
          assert.deepEqual(readMessageHead(payload), { kind, seq: '5' });
        }
      });

      it('looks behind the ids of bound threads', () => {
        const payload = Buffer.concat([Buffer.alloc(16), dialect.encode(MessageType.request, 300, body)]);
        assert.deepEqual(readMessageHead(payload), { kind: 'request', seq: '300', handler: 'getattr' });
      });

      it('says nothing of a payload that is cut anywhere before its handler', () => {
        const payload = dialect.encode(MessageType.request, 300, body);
        for (let length = 0; length < 7; length++) {
          assert.equal(readMessageHead(payload.subarray(0, length)), undefined);
        }
      });
    });
  }

  it('says nothing of what is no message, or has a number that is none', () => {
    for (const value of ['text', [9, 0, []], [1, 'seq', []], [1, 10n ** 30n, []]] as const) {
      assert.equal(readMessageHead(dump(value)), undefined);
    }
  });
});
