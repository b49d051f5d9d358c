import assert from 'node:assert/strict';

import { EXPLAINED_TEXT_LIMIT } from '../../../../server/src/api/explanation';
import { RULES, explain } from '../../../../server/src/features/explain/explain';
import { plainText } from '../../../../server/src/features/explain/words';

const CORE = '/usr/lib/python3/site-packages/rpyc/core';

/** A traceback through these places, each `file function [source]`. */
function traceback(error: string, ...places: string[]): string {
  const frames = places.map((place) => {
    const [file = '', name = '', ...source] = place.split(' ');
    const at = file.includes('/') ? `/usr/lib/python3/site-packages/rpyc/${file}` : file;
    return `  File "${at}", line 7, in ${name}\n    ${source.join(' ') || 'call()'}\n`;
  });
  return `Traceback (most recent call last):\n${frames.join('')}${error}\n`;
}

function remote(error: string, ...places: string[]): string {
  const outer = traceback(
    '_get_exception_class.<locals>.Derived: it',
    'app.py main',
    'core/netref.py syncreq',
  );
  return `${outer}\n========= Remote Traceback (1) =========\n${traceback(error, 'core/protocol.py _dispatch_request', ...places)}\n`;
}

/** A text for each rule, by its name. */
const FITTING: Readonly<Record<string, string>> = {
  'version 6 met an older one': traceback(
    'ValueError: invalid message type: 18',
    'core/protocol.py _dispatch',
  ),
  'version 6 met no rpyc': traceback('ValueError: invalid message type: 72', 'core/protocol.py _dispatch'),
  'an older version met version 6': traceback(
    'ValueError: not enough values to unpack (expected 3, got 0)',
    'core/protocol.py _dispatch',
  ),
  'version 4.0 or older was asked by a newer one, on Python 2': traceback(
    `KeyError: (u'140631940471056', 'SlaveService', 'rpyc.core.service')`,
    'core/protocol.py _handle_inspect',
  ),
  'version 4.0 or older was asked by a newer one': `KeyError: ('140470065635792', 'SlaveService', 'rpyc.core.service')`,
  'version 4.1 or newer was asked by an older one': remote(
    `KeyError: '__main__.Lab'`,
    'core/protocol.py _handle_inspect',
  ),
  'version 3 was asked by version 4.0': remote(
    'KeyError: <rpyc.core.service.SlaveService object at 0x7f70a6dc37d0>',
    'core/protocol.py _access_attr obj = self._local_objects[oid]',
  ),
  'version 4.0 was asked by version 3': remote(
    `AttributeError: 'int' object has no attribute 'getmodule'`,
    'core/protocol.py _access_attr return accessor(obj, name, *args)',
  ),
  'Python 2 at the other end': traceback(
    `TypeError: attribute name must be string, not 'bytes'`,
    'core/vinegar.py load',
  ),
  'a long number of Python 2': traceback(
    `TypeError: 'NoneType' object is not callable`,
    'core/brine.py _load',
  ),
  'version 3 on a newer Python': `  File "${CORE}/async.py", line 1\n    from rpyc.core import async\nSyntaxError: invalid syntax`,
  'old rpyc without wrap_socket': traceback(
    `AttributeError: module 'ssl' has no attribute 'wrap_socket'`,
    'core/stream.py ssl_connect',
  ),
  'the server wants a classic client': remote(
    `AttributeError: 'VoidService' object has no attribute 'exposed_getmodule'`,
  ),
  'a classic client at a service': remote(`AttributeError: cannot access 'getmodule'`),
  'a service client in classic mode': traceback(
    `AttributeError: 'Connection' object has no attribute 'modules'`,
    'app.py main',
  ),
  'an attribute may not be set': remote(
    `AttributeError: cannot access 'level'`,
    'core/protocol.py _handle_setattr',
    'core/protocol.py _check_attr',
  ),
  'an attribute may not be deleted': remote(
    `AttributeError: cannot access 'level'`,
    'core/protocol.py _handle_delattr',
    'core/protocol.py _check_attr',
  ),
  'an attribute may not be read': remote(
    `AttributeError: cannot access 'level'`,
    'core/protocol.py _check_attr',
  ),
  'a remote array': traceback('ValueError: pickling is disabled', 'app.py main', 'core/netref.py __array__'),
  'pickle is switched off': remote('ValueError: pickling is disabled', 'core/protocol.py _handle_pickle'),
  'an object that cannot be pickled': remote(`TypeError: cannot pickle '_thread.lock' object`),
  'an answer came too late': traceback(
    'TimeoutError: result expired',
    'core/protocol.py sync_request',
    'core/async_.py wait',
  ),
  'used after it was closed': traceback('EOFError: stream has been closed', 'core/stream.py close'),
  'an object that is gone': remote(
    `KeyError: ('builtins.list', 94368, 139904985839184)`,
    'lib/colls.py __getitem__',
  ),
  'the other side hung up': 'EOFError: connection closed by peer',
  'the connection was cut': traceback(
    'EOFError: [Errno 104] Connection reset by peer',
    'core/stream.py read',
  ),
  'a pipe of Windows ended': traceback(
    `pywintypes.error: (109, 'ReadFile', 'The pipe has been ended.')`,
    'core/stream.py read',
  ),
  'TLS to a plain port': 'ssl.SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:992)',
  'no answer to TLS': 'TimeoutError: _ssl.c:975: The handshake operation timed out',
  'a certificate that is not trusted':
    'ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:992)',
  'a client certificate is missing':
    'ssl.SSLError: [SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2580)',
  'an old version of TLS': 'ssl.SSLError: [SSL: UNSUPPORTED_PROTOCOL] unsupported protocol (_ssl.c:992)',
  'nothing listens there': traceback(
    'ConnectionRefusedError: [Errno 111] Connection refused',
    'core/stream.py _connect',
  ),
  'no way to the machine': traceback('TimeoutError: timed out', 'lib/__init__.py socket_backoff_connect'),
  'a host that is not known': traceback(
    'socket.gaierror: [Errno -2] Name or service not known',
    'core/stream.py _connect',
  ),
  'no service of that name': `rpyc.utils.factory.DiscoveryError: no servers exposing 'LAB' were found`,
  'the port is taken': traceback('OSError: [Errno 98] Address already in use', 'utils/server.py __init__'),
};

/** The same words in programs and places where they mean something else. */
const NOT_OURS: readonly string[] = [
  traceback('ValueError: not enough values to unpack (expected 3, got 0)', 'app.py main'),
  traceback(
    'ValueError: not enough values to unpack (expected 3, got 0)',
    'core/protocol.py _dispatch',
    'app.py f',
  ),
  traceback(`KeyError: ('1', 'a', 'b')`, 'app.py main'),
  traceback(`KeyError: 'settings.missing'`, 'app.py main'),
  traceback(`TypeError: 'NoneType' object is not callable`, 'app.py main'),
  traceback('ConnectionRefusedError: [Errno 111] Connection refused', 'app.py main'),
  traceback('socket.gaierror: [Errno -2] Name or service not known', 'app.py main'),
  traceback('OSError: [Errno 98] Address already in use', 'app.py main'),
  traceback('TimeoutError: timed out', 'app.py main'),
  traceback('EOFError: connection closed by peer', 'app.py main'),
  traceback(`TypeError: cannot pickle '_thread.lock' object`, 'app.py main'),
  traceback('SyntaxError: invalid syntax', 'app.py main'),
  traceback(`AttributeError: cannot access 'x'`, 'app.py main'),
];

describe('an explanation of an error', () => {
  it('has an example for every rule', () => {
    assert.deepEqual(
      Object.keys(FITTING),
      RULES.map(({ name }) => name),
    );
  });

  for (const [name, text] of Object.entries(FITTING)) {
    it(`knows: ${name}`, () => {
      const { rule, headline, what, mend, errors } = explain(text);
      assert.equal(rule, name);
      for (const sentence of [headline, ...what, ...mend]) {
        assert.match(plainText(sentence), /^\S.{10,}[.:]$/u);
        assert.doesNotMatch(plainText(sentence), /undefined|\bnull\b/);
      }
      // What happened may lead over to the reasons after it; a headline and a mend are complete.
      for (const sentence of [headline, what.at(-1) ?? [], ...mend]) {
        assert.match(plainText(sentence), /\.$/);
      }
      assert.ok(what.length > 0 && mend.length > 0 && errors.length > 0);
    });
  }

  it('leaves the same words in other programs alone', () => {
    for (const text of NOT_OURS) {
      const { rule, mend, code } = explain(text);
      assert.deepEqual([rule, mend, code], [undefined, [], []], text);
    }
  });

  it('says when there is no exception in the text', () => {
    for (const text of [
      '',
      'INFO: all is well\nkey: value\n',
      '{"a": 1}',
      'Error',
      '===== Remote Traceback (1) =====',
    ]) {
      const { rule, headline, errors } = explain(text);
      assert.equal(rule, undefined);
      assert.match(plainText(headline), /^There is no Python exception/, text);
      assert.deepEqual(errors, []);
    }
  });

  it('says what it read of an error that it does not know, and no more', () => {
    const { rule, headline, what, mend, errors } = explain(
      remote('KeyError: 42', 'core/protocol.py _handle_call', '', 'lab.py exposed_measure'),
    );
    assert.equal(rule, undefined);
    assert.equal(plainText(headline), 'The code of the program at the other end raised KeyError: 42.');
    assert.match(what.map(plainText).join(' '), /^The call itself worked/);
    assert.deepEqual(mend, []);
    assert.deepEqual(
      errors.map(({ side, error, place }) => [side, error, place]),
      [
        ['the program that printed this', 'KeyError: 42', 'app.py, line 7, in main'],
        ['the program at the other end', 'KeyError: 42', 'lab.py, line 7, in exposed_measure'],
      ],
    );
  });

  it('tells which side has to change its settings', () => {
    const server = ['utils/server.py _serve_client', 'core/protocol.py sync_request', 'core/async_.py wait'];
    const client = ['utils/factory.py connect', 'core/protocol.py sync_request', 'core/async_.py wait'];
    const [ofServer] = explain(traceback('TimeoutError: result expired', ...server)).code;
    const [ofClient] = explain(traceback('TimeoutError: result expired', ...client)).code;
    assert.match(ofServer?.text ?? '', /protocol_config=\{"sync_request_timeout": None\}/);
    assert.match(ofClient?.text ?? '', /connect\(.*config=\{"sync_request_timeout": None\}/);
    const either = explain(traceback('TimeoutError: result expired', ...client.slice(1))).code;
    assert.deepEqual(
      either.map(({ title }) => title),
      ['If the program that printed this is the server', 'If the program that printed this is the client'],
    );
  });

  it('tells a limit of one call from the limit of all calls', () => {
    const one = explain(
      traceback('rpyc.core.async.AsyncResultTimeout: result expired', 'core/async.py wait'),
    );
    assert.match(one.what.map(plainText).join(' '), /set_expiry/);
    assert.deepEqual(one.code, []);
  });

  it('does not offer to open private names by a setting', () => {
    const { mend, code } = explain(
      remote(`AttributeError: cannot access '_secret'`, 'core/protocol.py _check_attr'),
    );
    assert.doesNotMatch(mend.map(plainText).join(' '), /allow_public_attrs/);
    assert.deepEqual(code, []);
  });

  it('takes the last error that it knows of a long log', () => {
    const { rule, what } = explain(
      [
        FITTING['an answer came too late'],
        FITTING['pickle is switched off'],
        traceback('KeyError: 1', 'app.py f'),
      ].join('INFO: something else\n'),
    );
    assert.equal(rule, 'pickle is switched off');
    assert.match(what.map(plainText).join(' '), /The text has 3 errors/);
  });

  it('reads quoted, indented and Windows texts', () => {
    const text = FITTING['pickle is switched off'] ?? '';
    const forms = [
      text.replace(/^/gm, '> '),
      text.replace(/^/gm, '    '),
      text.replaceAll('\n', '\r\n'),
      text
        .replaceAll('/usr/lib/python3/site-packages/', 'C:\\Python311\\Lib\\site-packages\\')
        .replace(/rpyc\/core\//g, 'rpyc\\core\\'),
    ];
    for (const form of forms) {
      assert.equal(explain(form).rule, 'pickle is switched off', form);
    }
  });

  it('keeps what was pasted apart from its own words, in one line without marks of direction', () => {
    const evil = `[x](command:evil)\u202e\u001b[31m${'y'.repeat(5000)}`;
    const { headline } = explain(
      remote(`AttributeError: cannot access '${evil.slice(0, 100)}'`, 'core/protocol.py _check_attr'),
    );
    const own = headline.filter((part) => typeof part === 'string').join('');
    assert.doesNotMatch(own, /command|evil/);
    const unknown = explain(remote(`ValueError: ${evil}`, 'lab.py f'));
    for (const part of [...unknown.headline, ...unknown.errors.map(({ error }) => ({ code: error }))]) {
      const text = typeof part === 'string' ? part : part.code;
      assert.ok(text.length <= 301);
      assert.doesNotMatch(text, /[\p{Cc}\p{Cf}]/u);
    }
  });

  it('reads the end of a text that is too long, whatever it is made of', () => {
    const pieces = [
      'a'.repeat(EXPLAINED_TEXT_LIMIT * 2),
      'File "'.repeat(90_000),
      "KeyError: ('".repeat(50_000),
      '> '.repeat(300_000),
      'Traceback (most recent call last):\n'.repeat(20_000),
      '========= Remote Traceback (1) =========\n'.repeat(20_000),
      'ValueError: x\n'.repeat(40_000),
      `  File "${CORE}/protocol.py", line 1, in f\n`.repeat(20_000),
    ];
    for (const piece of pieces) {
      const { rule, what } = explain(`${piece}\n\n${FITTING['version 6 met an older one'] ?? ''}`);
      assert.equal(rule, 'version 6 met an older one', piece.slice(0, 40));
      assert.match(what.map(plainText).join(' '), /only its end was read/);
    }
  });
});
