import assert from 'node:assert/strict';

import { codeBlock, lineText, outputText } from '../../../client/src/displayText';

describe('Text from a peer', () => {
  it('loses colours and other terminal sequences', () => {
    assert.equal(outputText('\u001b[31mred\u001b[0m \u001b]0;title\u0007x\u001b[2J'), 'red x');
  });

  it('cannot turn the direction of reading', () => {
    assert.equal(outputText('a\u202eb\u2066c'), 'a\\u202eb\\u2066c');
  });

  it('keeps lines and tabs, and shows other control characters', () => {
    assert.equal(outputText('a\r\nb\rc\td\u0000\u0007'), 'a\nb\nc\td\\u0000\\u0007');
  });

  it('becomes one line of bounded length in the tree', () => {
    assert.equal(lineText('a\n\nb\tc', 100), 'a b c');
    assert.equal(lineText('x'.repeat(1000), 10), `${'x'.repeat(9)}…`);
  });

  it('cannot end the code block that holds it', () => {
    assert.equal(codeBlock('plain', 'python'), '\n```python\nplain\n```\n');
    assert.equal(codeBlock('a\n```\n[x](command:y)', ''), '\n````\na\n```\n[x](command:y)\n````\n');
  });
});
