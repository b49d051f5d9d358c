/** What travels between registries and their clients, as bytes: against every recorded message, and against bad ones. */
import assert from 'node:assert/strict';

import { dump } from '../../../../server/src/rpyc/core/brine';
import { type BrineValue, PyLong } from '../../../../server/src/rpyc/core/pyTypes';
import {
  CommandProblem,
  decodeCommand,
  decodeNames,
  decodeServers,
  encodeAcknowledgement,
  encodeCommand,
  encodeNames,
  encodeServers,
  isAcknowledgement,
  MAX_DATAGRAM_BYTES,
  MAX_LIST_BYTES,
  type ReceivedCommand,
  type ServerAddress,
} from '../../../../server/src/rpyc/utils/registryMessages';
import { readSession } from '../../../support/replay/recording';
import { fromHex, toHex } from '../../../support/typedJson';
import { registrySessions } from '../replay/sessions';

function command(value: BrineValue): ReceivedCommand {
  const received = decodeCommand(dump(value));
  if (received instanceof CommandProblem) throw new Error(received.message);
  return received;
}

function problem(bytes: Uint8Array): string {
  const received = decodeCommand(bytes);
  assert.ok(received instanceof CommandProblem, JSON.stringify(received));
  return received.message;
}

const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** Reads an answer and writes it again. */
function again(
  word: ReceivedCommand['command']['command'],
  bytes: Uint8Array,
  kind: 'text' | 'bytes',
): Uint8Array {
  if (word === 'QUERY') return encodeServers(decodeServers(bytes) ?? [['no servers', 1]], kind);
  if (word === 'LIST') return encodeNames(decodeNames(bytes) ?? [], kind);
  assert.ok(isAcknowledgement(bytes));
  return encodeAcknowledgement(kind);
}

describe('messages of registries', () => {
  for (const session of registrySessions) {
    it(`reads and writes every message of ${session}`, () => {
      let last: ReceivedCommand | undefined;
      let count = 0;
      for (const { hex, from, step } of readSession(session).frames) {
        if (hex === undefined) continue;
        const bytes = fromHex(hex);
        if (from === 'client') {
          const received = decodeCommand(bytes);
          assert.ok(!(received instanceof CommandProblem), step);
          assert.equal(received.kind, session.includes('py27') ? 'bytes' : 'text');
          assert.equal(toHex(encodeCommand(received.command, received.kind)), hex, step);
          last = received;
        } else {
          assert.ok(last);
          assert.equal(toHex(again(last.command.command, bytes, last.kind)), hex, step);
        }
        count++;
      }
      assert.ok(count >= 14);
    });
  }

  it('reads both forms of LIST, and writes them', () => {
    assert.deepEqual(command(['RPYC', 'LIST', []]).command, {
      command: 'LIST',
      filterHost: null,
      form: 'plain',
    });
    for (const [host, filterHost] of [
      [null, null],
      ['', null],
      ['10.0.0.1', '10.0.0.1'],
    ]) {
      const expected = { command: 'LIST', filterHost, form: 'filtered' };
      assert.deepEqual(command(['RPYC', 'LIST', [[host]]]).command, expected);
    }
    const plain = encodeCommand({ command: 'LIST', filterHost: 'ignored', form: 'plain' });
    assert.equal(toHex(plain), toHex(dump(['RPYC', 'LIST', []])));
  });

  it('matches the command in any case, and text in either kind', () => {
    assert.equal(command(['RPYC', 'qUeRy', ['x']]).command.command, 'QUERY');
    assert.deepEqual(command(['RPYC', utf8('Query'), [utf8('é')]]), {
      command: { command: 'QUERY', name: 'é' },
      kind: 'text',
    });
    assert.equal(command([utf8('RPYC'), 'QUERY', ['x']]).kind, 'bytes');
  });

  it('takes the long of Python 2 for a port', () => {
    const { command: read } = command([utf8('RPYC'), utf8('UNREGISTER'), [new PyLong(18861)]]);
    assert.deepEqual(read, { command: 'UNREGISTER', port: 18861 });
  });

  it('says what is wrong with a command', () => {
    assert.equal(problem(new Uint8Array()), 'no registry message');
    assert.equal(problem(utf8('GET / HTTP/1.1\r\n\r\n')), 'no registry message');
    assert.equal(problem(dump(['RPYC', 'QUERY'])), 'no registry message');
    assert.equal(problem(dump(['RPYC', 'QUERY', 'x'])), 'no registry message');
    assert.equal(problem(dump(['RPYC', utf8('\xff').subarray(1), ['x']])), 'no registry message');
    assert.equal(problem(dump(['rpyc', 'QUERY', ['x']])), 'invalid magic');
    assert.equal(problem(dump(['RPYC', 'constructor', []])), 'unknown command "constructor"');
    assert.equal(problem(dump(['RPYC', 'a\nb', []])), 'unknown command "a\\nb"');
    const invalid: [string, BrineValue][] = [
      ['QUERY', []],
      ['QUERY', [1]],
      ['QUERY', ['x', 'y']],
      ['QUERY', [new Uint8Array([0xff])]],
      ['LIST', [null]],
      ['LIST', [[]]],
      ['LIST', [[1]]],
      ['UNREGISTER', ['18861']],
      ['UNREGISTER', [true]],
      ['REGISTER', [['A', 1], 18861]],
      ['REGISTER', ['A', 18861]],
      ['REGISTER', [['A']]],
      ...[0, -1, 65536, 2n ** 64n, 1.5, null, '/tmp/socket'].map((port): [string, BrineValue] => [
        'REGISTER',
        [['A'], port],
      ]),
    ];
    for (const [word, args] of invalid) {
      assert.equal(problem(dump(['RPYC', word, args])), `invalid arguments of ${word}`, JSON.stringify(word));
    }
  });

  it('reads nothing into what is cut off', () => {
    const whole = encodeCommand({ command: 'REGISTER', aliases: ['CALC', 'MATH'], port: 18861 });
    const answer = encodeServers([['127.0.0.1', 18861]], 'text');
    for (let end = 0; end < whole.length; end++) problem(whole.subarray(0, end));
    for (let end = 0; end < answer.length; end++) {
      assert.equal(decodeServers(answer.subarray(0, end)), undefined);
      assert.equal(isAcknowledgement(answer.subarray(0, end)), false);
    }
  });

  it('tells listing that is forbidden from no names and from no answer', () => {
    assert.equal(decodeNames(encodeNames(null, 'text')), null);
    assert.deepEqual(decodeNames(encodeNames([], 'text')), []);
    assert.equal(decodeNames(utf8('garbage')), undefined);
    assert.equal(decodeNames(dump('OK')), undefined);
  });

  it('leaves out of answers what is no address or no name', () => {
    const servers: BrineValue = [
      ['10.0.0.1', 1],
      ['10.0.0.1', 0],
      ['10.0.0.1', 65536],
      ['10.0.0.1', '22'],
      ['', 22],
      [new Uint8Array([0xff]), 22],
      ['10.0.0.1'],
      null,
      [utf8('10.0.0.2'), 2],
    ];
    assert.deepEqual(decodeServers(dump(servers)), [
      ['10.0.0.1', 1],
      ['10.0.0.2', 2],
    ]);
    assert.deepEqual(decodeNames(dump(['A', new Uint8Array([0xff, 0xfe]), 5, utf8('B')])), ['A', 'B']);
  });

  it('writes as much of a long answer as its reader can hold, and that is whole', () => {
    const servers = Array.from({ length: 10_000 }, (_, port): ServerAddress => ['192.168.100.100', port + 1]);
    const answer = encodeServers(servers, 'text');
    assert.ok(answer.length <= MAX_DATAGRAM_BYTES);
    const read = decodeServers(answer);
    assert.ok(read !== undefined && read.length > 50);
    assert.deepEqual(read, servers.slice(0, read.length));
    const names = servers.map(([, port]) => `SERVICE${port}`);
    const list = encodeNames(names, 'bytes');
    assert.ok(list.length > MAX_DATAGRAM_BYTES && list.length <= MAX_LIST_BYTES);
    assert.deepEqual(decodeNames(list), names.slice(0, decodeNames(list)?.length));
  });
});
