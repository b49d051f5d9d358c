import assert from 'node:assert/strict';

import { codeBlock, lineText, messageText, outputText, pickText } from '../../../client/src/displayText';

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

  it('cannot end the code block by characters that are taken out', () => {
    assert.equal(codeBlock('``\u001b[0m`', ''), '\n````\n```\n````\n');
  });

  it('is no link in a message', () => {
    for (const text of [
      '[Free](command:rpyc.restart)',
      '[a](file:///etc/passwd)',
      '[a] [b](https://x.test)',
    ]) {
      assert.doesNotMatch(messageText(text), /\]\(/);
      assert.equal(messageText(text).replace(/\u200b/g, ''), text);
    }
    assert.doesNotMatch(messageText('[a]\u001b[0m(command:x)'), /\]\(/);
  });

  it('is no icon in a list', () => {
    assert.equal(pickText('$(bug) x', 20), '\\$(bug) x');
    assert.equal(pickText('$(sync~spin)', 20), '\\$(sync~spin)');
    assert.equal(pickText('a$b $(c d)\n', 20), 'a$b $(c d) ');
  });
});
