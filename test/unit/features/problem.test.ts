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
    /set the dialect.*auto/,
  ],
  [
    'a fork',
    new ProtocolError('The peer refers to objects as the fork rpyc-ng does', ErrorCode.dialect),
    {},
    'ERR_DIALECT',
    /runs rpyc-ng.*install rpyc itself/,
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

const TLS = { transport: { kind: 'tls', host: 'lab', port: 18812 } } as const;
const SSH = {
  transport: { kind: 'ssh', host: 'gate', user: 'me' },
  endpoint: 'me@gate → lab:18812',
} as const;
const RIG = { transport: { kind: 'subprocess', command: ['/opt/rig', '--token=hunter2'] } } as const;

/** What can go wrong on the ways that are not plain TCP, with what the library says of it. */
const WAY_FAILURES: readonly (readonly [string, object, string, RegExp])[] = [
  [
    ErrorCode.notTls,
    TLS,
    'x does not speak TLS',
    /does not speak TLS: set the kind of the connection to TCP/,
  ],
  [ErrorCode.tlsUntrusted, TLS, 'x', /authority that is not trusted here: set the CA file/],
  [ErrorCode.tlsSelfSigned, TLS, 'x', /self-signed: use it as the CA file.*pin its SHA-256 fingerprint\.$/],
  [ErrorCode.tlsName, TLS, 'x', /for another host name: /],
  [ErrorCode.tlsExpired, TLS, 'Certificate of x has expired: y', /has expired: have it renewed/],
  [ErrorCode.tlsExpired, TLS, 'Certificate of x is not valid yet: y', /not valid yet: check the clocks/],
  [
    ErrorCode.tlsPin,
    TLS,
    `Certificate of x has the fingerprint ${'ab'.repeat(32)}, which is not the pinned one`,
    /not the pinned one but (ab){32}: ask/,
  ],
  [ErrorCode.tlsVersion, TLS, 'x', /RPyC is 4\.1 or older, it insists on TLS 1\.0: update rpyc/],
  [
    ErrorCode.tlsClientCertificate,
    TLS,
    'x',
    /only clients with a certificate.*: set the certificate and the key/,
  ],
  [
    ErrorCode.tlsClientCertificate,
    { transport: { ...TLS.transport, cert: '/c', key: '/k' } },
    'x',
    /does not accept the certificate of this connection: use one/,
  ],
  [
    ErrorCode.tlsCredentials,
    TLS,
    'File of the TLS option key cannot be read: /k',
    /file in the field key .* cannot be read: correct its path/,
  ],
  [ErrorCode.tlsCredentials, TLS, 'TLS credentials are of no use: x', /cannot be used: check.*passphrase/],
  [ErrorCode.tls, TLS, 'x', /Encryption with lab:18812 could not be agreed upon: /],
  [ErrorCode.sshMissing, SSH, 'x', /no ssh program on this machine: install/],
  [ErrorCode.hostKey, SSH, 'x', /does not know the host key of me@gate.*: connect once with ssh/],
  [ErrorCode.authentication, SSH, 'Login over SSH was refused: x', /refused the login over SSH: check/],
  [
    ErrorCode.authentication,
    {},
    'refused the pre-handshake (step 1)',
    /before the protocol: check the password/,
  ],
  [ErrorCode.refused, SSH, 'Nothing listens there at the far end', /nothing listens at the far end.*: start/],
  [ErrorCode.refused, SSH, 'SSH connection was refused: x', /No SSH server listens on me@gate: start sshd/],
  [ErrorCode.dns, SSH, 'Host name is not known: x', /does not find a host on the way.*: correct the name/],
  [ErrorCode.timeout, SSH, 'No login over SSH within 15 seconds: x', /did not let SSH in within time: check/],
  [ErrorCode.closed, SSH, 'SSH connection was closed: x', /SSH connection to me@gate was closed: check/],
  [ErrorCode.ssh, SSH, 'SSH server forbids tunnels, so x', /forbids tunnels: have TCP forwarding allowed/],
  [ErrorCode.ssh, SSH, 'No Python 3 was found there, so x', /no Python 3 on me@gate: install it/],
  [ErrorCode.ssh, SSH, 'SSH ended: x (ssh says: Bad thing)', /ended \(Bad thing\): try ssh in a terminal/],
  [
    ErrorCode.deploy,
    SSH,
    'No room, password=hunter2',
    /No server could be started.*\(No room, password=<secret>\): /,
  ],
  [ErrorCode.subprocess, RIG, 'Program cannot be started: spawn ENOENT', /\/opt\/rig is not there: correct/],
  [ErrorCode.subprocess, RIG, 'Program cannot be started: EACCES', /cannot be started \(EACCES\): correct/],
  [
    ErrorCode.subprocess,
    RIG,
    '/opt/rig ended with exit code 3 before it spoke RPyC: Traceback\n  x\nno key=hunter2 here',
    /ended with exit code 3 before.*, and said “no key=<secret> here”: run it/,
  ],
  [
    ErrorCode.subprocess,
    RIG,
    '/opt/rig ended with signal SIGSEGV before it spoke RPyC',
    /ended with signal SIGSEGV before it spoke RPyC: run it/,
  ],
  [ErrorCode.refused, { transport: { kind: 'unix', path: '/x' } }, 'x', /on the socket .*: start/],
  [
    ErrorCode.unreachable,
    { transport: { kind: 'unix', path: '/x' } },
    'x',
    /may not be opened: check its perm/,
  ],
];

describe('toProblem', () => {
  for (const [code, about, said, words] of WAY_FAILURES) {
    it(`says what happened on the way and what to do: ${code}, ${String(words)}`, () => {
      const problem = toProblem(new ConnectError(said, code), { ...ABOUT, ...about });
      assert.equal(problem.code, code);
      assert.match(problem.message, words);
      assert.match(problem.message, /^\S.*[:;] .*\.$/, 'one sentence that goes on to name the mend');
      assert.doesNotMatch(problem.message, /EOFError|errno|ECONN|undefined|\n/i);
      assert.doesNotMatch(JSON.stringify(problem), /hunter2/);
    });
  }

  it('says of a program that is silent how it may be meant', () => {
    const { message } = toProblem(new ConnectError('x', ErrorCode.timeout), { ...RIG, stage: 'handshake' });
    assert.match(message, /^The program \/opt\/rig stays silent: .*set the kind of its service/);
  });

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
