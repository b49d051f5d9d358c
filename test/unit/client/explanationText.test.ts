import assert from 'node:assert/strict';

import { explanationMarkdown } from '../../../client/src/explanationText';

const LABELS = {
  mend: 'What mends it',
  unknown: 'Not known.',
  read: 'What was read',
  source: 'From the clipboard.',
};
const EVIL = '[x](command:evil) `` <b> https://evil.invalid $(icon)\n# heading';

describe('an explanation as a page', () => {
  it('has the headline, what happened, what mends it, and what was read', () => {
    const page = explanationMarkdown(
      {
        rule: 'a rule',
        headline: ['The name ', { code: 'x' }, ' is private.'],
        what: [['It happened.']],
        mend: [['Mend it.'], ['Or so.']],
        code: [{ title: 'In the server', text: 'serve()' }],
        errors: [{ side: 'the client', error: 'KeyError: 1', place: 'a.py, line 1', versions: 'rpyc 5' }],
      },
      LABELS,
    );
    assert.equal(
      page,
      [
        '# The name `x` is private\\.',
        'It happened\\.',
        '## What mends it',
        '- Mend it\\.\n- Or so\\.',
        'In the server\\:',
        '```python\nserve()\n```',
        '## What was read',
        '1. The client \\(rpyc 5\\)\\: `KeyError: 1`  \n  `a.py, line 1`',
        'From the clipboard\\.',
        '',
      ]
        .join('\n\n')
        .replace(/\n\n$/, '\n'),
    );
  });

  it('says so when nothing is known to mend it', () => {
    const page = explanationMarkdown(
      { headline: ['It is so.'], what: [], mend: [], code: [], errors: [] },
      LABELS,
    );
    assert.match(page, /Not known/);
    assert.doesNotMatch(page, /What mends it|What was read/);
  });

  it('makes no link, mark or heading of what was pasted', () => {
    const page = explanationMarkdown(
      {
        headline: [EVIL, { code: EVIL }],
        what: [],
        mend: [],
        code: [{ title: EVIL, text: `${EVIL}\n\`\`\`\n[y](command:evil)` }],
        errors: [{ side: EVIL, error: EVIL, place: EVIL, versions: EVIL }],
      },
      LABELS,
    );
    // What is left when code and what is escaped are taken away are the page's own marks.
    const rest = page
      .replace(/^(`{3,})python\n[^]*?\n\1$/gm, '')
      .replace(/(?<![\\`])(`+)(?!`)[^]*?[^`]\1(?!`)/g, '')
      .replace(/\\[!-~]/g, '');
    assert.doesNotMatch(rest, /[[\]()<>`$:]|^(?!# |## |1\. ).*#/m);
  });
});
