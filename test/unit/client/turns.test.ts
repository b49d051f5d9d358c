import assert from 'node:assert/strict';

import { Turns } from '../../../client/src/turns';

describe('what is asked in turn', () => {
  it('is asked when the one before has its answer, also where that failed', async () => {
    const turns = new Turns();
    const asked: string[] = [];
    const answers = new Map<string, (value: string) => void>();
    const ask = (name: string): Promise<string> =>
      turns.take(async () => {
        asked.push(name);
        const answer = await new Promise<string>((resolve) => answers.set(name, resolve));
        if (answer === 'fail') {
          throw new Error(name);
        }
        return answer;
      });
    const [one, two, three] = [ask('one'), ask('two'), ask('three')];
    await new Promise(setImmediate);
    assert.deepEqual(asked, ['one']);
    answers.get('one')?.('fail');
    await assert.rejects(one, /one/);
    await new Promise(setImmediate);
    assert.deepEqual(asked, ['one', 'two']);
    answers.get('two')?.('2');
    assert.equal(await two, '2');
    await new Promise(setImmediate);
    answers.get('three')?.('3');
    assert.equal(await three, '3');
  });
});
