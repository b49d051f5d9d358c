import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import * as messages from '../../server/src/api/messages';

const API = path.resolve(__dirname, '../../../server/src/api');

function methods(): string[] {
  return Object.values(messages).map(({ method }) => method);
}

describe('the message reference', () => {
  const page = readFileSync(path.join(API, 'MESSAGES.md'), 'utf8');

  it('carries the hash of messages.ts', () => {
    const hash = createHash('sha256')
      .update(readFileSync(path.join(API, 'messages.ts')))
      .digest('hex');
    assert.ok(
      page.includes(`sha256(messages.ts) = ${hash}`),
      `Read what changed in messages.ts, bring MESSAGES.md up to date, and write this hash into it: ${hash}`,
    );
  });

  it('names every method once, and no other', () => {
    const named = [...page.matchAll(/^\| `(rpyc\/[^`]+)`/gm)].map((match) => match[1]);
    assert.deepEqual(named, methods());
  });

  it('would notice a method that is missing', () => {
    assert.ok(methods().length > 15);
    assert.equal(new Set(methods()).size, methods().length);
  });
});
