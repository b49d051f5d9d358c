import assert from 'node:assert/strict';

import * as problems from '../../../server/src/features/problem';
import { ProblemError, toProblem } from '../../../server/src/features/problem';
import {
  AsyncResultTimeout,
  ConnectError,
  EOFError,
  ErrorCode,
  ProtocolError,
  RemoteError,
} from '../../../server/src/rpyc/index';

const ABOUT = { endpoint: 'lab:18812', label: 'Lab' };

function remote(typeName: string, text: string): RemoteError {
  return new RemoteError({
    typeName,
    module: 'builtins',
    args: [text],
    attributes: new Map(),
    remoteTraceback: `Traceback\n${typeName}: ${text}`,
  });
}

/** Each failure that a user can meet, and words that its sentence must have. */
const FAILURES: readonly (readonly [string, unknown, object, string, RegExp])[] = [
  [
    'refused',
    new ConnectError('x', ErrorCode.refused),
    {},
    'ERR_REFUSED',
    /Nothing listens on lab:18812.*start/,
  ],
  ['unknown host', new ConnectError('x', ErrorCode.dns), {}, 'ERR_DNS', /not known.*correct/],
  ['no way', new ConnectError('x', ErrorCode.unreachable), {}, 'ERR_UNREACHABLE', /check.*firewall/],
  [
    'filtered',
    new ConnectError('x', ErrorCode.timeout),
    { stage: 'connect' },
    'ERR_TIMEOUT',
    /does not answer.*firewall/,
  ],
  [
    'silent',
    new ConnectError('x', ErrorCode.timeout),
    { stage: 'handshake' },
    'ERR_TIMEOUT',
    /one client at a time.*not|check that it is an RPyC server/,
  ],
  ['late', new AsyncResultTimeout(), {}, 'ERR_TIMEOUT', /“Lab” did not answer in time/],
  [
    'HTTP',
    new ProtocolError('It answers like an HTTP server', ErrorCode.notRpyc),
    {},
    'ERR_NOT_RPYC',
    /web server.*correct the port/,
  ],
  [
    'SSH',
    new ProtocolError('It answers like an SSH server', ErrorCode.notRpyc),
    {},
    'ERR_NOT_RPYC',
    /SSH server.*correct the port/,
  ],
  [
    'TLS',
    new ProtocolError('It answers like a TLS server', ErrorCode.notRpyc),
    {},
    'ERR_NOT_RPYC',
    /encrypted.*set the kind of the connection to TLS/,
  ],
  [
    'FTP',
    new ProtocolError('It answers like a mail or FTP server', ErrorCode.notRpyc),
    {},
    'ERR_NOT_RPYC',
    /a mail or FTP server that answers on lab:18812/,
  ],
  [
    'hung up in both dialects',
    new ProtocolError('It closes without an answer: it wants TLS or a password', ErrorCode.notRpyc),
    { stage: 'handshake' },
    'ERR_NOT_RPYC',
    /hung up before it answered: check/,
  ],
  ['garbage', new ProtocolError('x'), {}, 'ERR_PROTOCOL', /correct the port/],
  ['limit', new ProtocolError('x', ErrorCode.limit), {}, 'ERR_LIMIT', /more than is safe/],
  ['dialect', new ConnectError('x', ErrorCode.dialect), {}, 'ERR_DIALECT', /set the dialect.*auto/],
  [
    'old dialect',
    new ConnectError('Peer speaks rpyc 3.x', ErrorCode.dialect),
    {},
    'ERR_DIALECT',
    /3\.x or 4\.0.*update/,
  ],
  [
    'dialect required',
    new ConnectError('x', ErrorCode.dialectRequired),
    {},
    'ERR_DIALECT_REQUIRED',
    /set the dialect/,
  ],
  ['hung up', new EOFError(), { stage: 'handshake' }, 'ERR_CLOSED', /hung up.*password or TLS/],
  ['closed', new EOFError(), {}, 'ERR_CLOSED', /connect it again/],
  ['remote exception', remote('ValueError', 'bad'), {}, 'ERR_REMOTE', /raised ValueError: bad.*traceback/],
  ['not exposed', remote('AttributeError', "cannot access 'x'"), {}, 'ERR_REMOTE', /expose the name/],
  ['busy', new ProblemError(problems.busy('Lab')), {}, 'ERR_BUSY', /wait until/],
  ['stale', new ProblemError(problems.staleHandle()), {}, 'ERR_STALE', /refresh/],
  ['not classic', new ProblemError(problems.notClassic('Lab')), {}, 'ERR_NOT_CLASSIC', /choose a classic/],
  ['internal', new TypeError('undefined is not a function'), {}, 'ERR_INTERNAL', /Show Log/],
];

describe('toProblem', () => {
  for (const [name, error, about, code, words] of FAILURES) {
    it(`says in one sentence what happened and what to do: ${name}`, () => {
      const { message, ...rest } = toProblem(error, { ...ABOUT, ...about });
      assert.equal(rest.code, code);
      assert.match(message, words);
      assert.match(message, /^[A-Z“l].*[:;] .*\.$/, 'one sentence that goes on to name the mend');
      assert.doesNotMatch(message, /EOFError|errno|ECONN|undefined|stack|\n/i);
    });
  }

  it('tells an abort as cancelled', () => {
    assert.equal(toProblem(new ConnectError('x', ErrorCode.aborted)).code, 'ERR_CANCELLED');
    assert.equal(toProblem(new DOMException('x', 'AbortError')).code, 'ERR_CANCELLED');
  });

  it('keeps the technical cause in the detail, and a bounded amount of it', () => {
    const { detail } = toProblem(remote('ValueError', 'x'.repeat(100_000)), ABOUT);
    assert.ok(detail !== undefined && detail.startsWith('ValueError: xxx'));
    assert.ok(detail.length <= 8000);
  });

  it('makes one plain bounded line of what the peer wrote', () => {
    const nasty = `a\n\u001b[2Jb\u202Ec\u0000${'d'.repeat(5000)}`;
    const { message } = toProblem(remote('ValueError', nasty), ABOUT);
    assert.ok(message.length < 500);
    assert.doesNotMatch(message, /[\p{Cc}\p{Cf}]/u);
  });

  it('takes anything that was thrown', () => {
    for (const thrown of ['text', 5, null, undefined, {}]) {
      assert.equal(toProblem(thrown).code, 'ERR_INTERNAL');
    }
  });
});
