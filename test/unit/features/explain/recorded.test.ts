import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { explain } from '../../../../server/src/features/explain/explain';
import { REPOSITORY } from '../../../support/tools';

const FOLDER = path.join(REPOSITORY, 'test/unit/features/explain/recorded');

/** What each text is, and what it shows of the programs, in the order of the text. */
const EXPECTED: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'client 3.4.4 at server 4.0.2': [
    'version 4.0 was asked by version 3',
    'the program that printed this: rpyc 3.3 to 3.4.4',
    'the program at the other end: rpyc 3.4.0 to 4.0.2',
  ],
  'client 3.4.4 at server 5.3.0, service': [
    'version 4.1 or newer was asked by an older one',
    'the program that printed this: rpyc 3.4.4',
    'the program at the other end: rpyc 5.3.0',
  ],
  'client 4.0.2 at server 3.4.4': [
    'version 3 was asked by version 4.0',
    'the client: rpyc 4.0.0 to 4.0.2',
    'the server: rpyc 3.4.4',
  ],
  'client 4.0.2 at server 5.3.0': [
    'version 4.1 or newer was asked by an older one',
    'the client: rpyc 4.0.0 to 4.0.2',
    'the server: rpyc 5.3.0',
  ],
  'client 4.1.5 with TLS 1.0': ['an old version of TLS', 'the client: Python 3.11'],
  'client 5.0.1 with TLS on Python 3.13': ['old rpyc without wrap_socket', 'the client: nothing'],
  'client 5.3.0 at server 4.0.2': [
    'version 4.0 or older was asked by a newer one',
    'the client: rpyc 5.3.0 to 5.3.1',
    'the server: rpyc 4.0.0 to 4.0.2',
  ],
  'client 5.3.0 at server 4.1.5 on Python 2': [
    'Python 2 at the other end',
    'the client: rpyc 5.3.0 to 5.3.1',
  ],
  'client 6.0.2 at server 3.4.4': ['version 6 met an older one', 'the client: rpyc 6.0.0 to 6.0.2'],
  'late answer at client 3.4.4 on Python 2': [
    'an answer came too late',
    'the program that printed this: rpyc 3.3 to 3.4.4',
  ],
  'late answer at client 4.0.2': [
    'an answer came too late',
    'the program that printed this: rpyc 4.0.0 to 4.0.2',
  ],
  'log of classic server 3.4.4 with a plain client': [
    'a classic client at a service',
    'the server: rpyc 3.3 to 3.4.4, Python 3.6',
    'the client: rpyc 3.4.4',
  ],
  'log of server 3.4.4 with client 5.3.0': [
    'version 4.1 or newer was asked by an older one',
    'the server: rpyc 3.4.4, Python 3.6',
    'the client: rpyc 5.3.0',
  ],
  'log of server 4.1.5 on Python 2 with client 5.3.0': [
    'version 4.0 or older was asked by a newer one, on Python 2',
    'the program that printed this: rpyc 4.1.3 to 4.1.5',
  ],
  'log of server 4.1.5 on Python 2 with client 6.0.2': [
    'an older version met version 6',
    'the server: rpyc 4.1.3 to 4.1.5, Python 2.7',
  ],
  'refused name at client 3.4.4 on Python 2': [
    'an attribute may not be read',
    'the program that printed this: rpyc 3.3 to 3.4.4',
    'the program at the other end: rpyc 3.4.4',
  ],
  'rpyc 3.4.4 on Python 3.11': ['version 3 on a newer Python', 'the program that printed this: nothing'],
};

describe('what older releases of rpyc print, explained', () => {
  it('has an expectation for every recorded text', () => {
    const recorded = readdirSync(FOLDER).map((file) => path.basename(file, '.txt'));
    assert.deepEqual(recorded.sort(), Object.keys(EXPECTED).sort());
  });

  for (const [name, [rule, ...programs]] of Object.entries(EXPECTED)) {
    it(`knows what happened: ${name}`, () => {
      const explanation = explain(readFileSync(path.join(FOLDER, `${name}.txt`), 'utf8'));
      assert.equal(explanation.rule, rule);
      assert.deepEqual(
        explanation.errors.map(({ side, versions }) => `${side}: ${versions ?? 'nothing'}`),
        programs,
      );
    });
  }
});
