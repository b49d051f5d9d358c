import assert from 'node:assert/strict';

import { Evaluation } from '../../../../server/src/features/expression/evaluation';
import { readStatements } from '../../../../server/src/features/expression/syntax';
import { AccessPolicy } from '../../../../server/src/features/inspect/accessPolicy';
import { valueText } from '../../../../server/src/features/inspect/preview';
import type { BrineValue, Netref } from '../../../../server/src/rpyc/index';

/** The text of what comes out of it; no peer is asked. */
async function outcome(source: string): Promise<string> {
  const evaluation = new Evaluation({
    request: () => Promise.reject(new Error('a peer was asked')),
    root: undefined as unknown as Netref,
    names: new Map(),
    policy: new AccessPolicy({ dialect: 'D' }),
    members: new Map(),
    label: 'Lab',
    signal: new AbortController().signal,
  });
  const last = await evaluation.run(readStatements(source));
  return last === undefined ? '' : valueText(last.value as BrineValue, 200);
}

describe('Expressions for services', () => {
  const cases: readonly [source: string, result: string][] = [
    ['not True and False', 'False'],
    ['not False or True', 'True'],
    ['not (True and False)', 'True'],
    ['not not True or 1', 'True'],
    ['not 1 == 2', 'True'],
    ['-2 ** 2', '-4'],
    ['2 ** 3 ** 2', '512'],
    ['7 // -2, -7 % 3, 7 % -3, -7.5 // 2', '(-4, 2, -2, -4.0)'],
    ['1 / 4 + 1', '1.25'],
    ['4 / 2', '2.0'],
    ['2 ** 100', '1267650600228229401496703205376'],
    ['0x10 | 1 << 2 ^ ~0', '-5'],
    ['1 < 2 < 3, 3 > 2 > 2', '(True, False)'],
    ['1 == 1.0, 2 ** 60 == 2.0 ** 60, 1 != 2, None is None', '(True, True, True, True)'],
    ["'b' > 'abc', 'ab' < 'abc', 'é' in 'café'", '(True, True, True)'],
    ["'ab' * 2 + 'c' 'd'", "'ababcd'"],
    ['(1, 2)[-1], (3,) + ()', '(2, (3,))'],
    ["1 if '' else 2 if 0 else 3", '3'],
    ["0 or 'x' and ()", '()'],
    ['x = 3\nx += 2; y = x, x\ny', '(5, 5)'],
    ["len('naïve'), repr('a'), str(1.0)", `(5, "'a'", '1.0')`],
    ['x = 1', ''],
  ];
  for (const [source, result] of cases) {
    it(`give ${result === '' ? 'nothing' : result} for ${JSON.stringify(source)}`, async () => {
      assert.equal(await outcome(source), result);
    });
  }

  const refusals: readonly [source: string, why: RegExp][] = [
    ['2 ** 10 ** 9', /too large/],
    ["'a' * 10 ** 9", /too long/],
    ['1 % 0', /division by zero/],
    ["1 < 'a'", /no < for int and str/],
    ['f(a=1, 2)', /behind one with a name/],
    ['[x for x in y]', /cannot be done here/],
    ['lambda: 1', /a function of its own/],
    ['x, y = 1, 2', /more than one name/],
    ['f(', /no Python expression/],
    ['del x.y', /deletion of anything but a name/],
    ['root = 1', /the service itself/],
    ['nobody', /no name “nobody”/],
    [`${'('.repeat(300)}1${')'.repeat(300)}`, /too deeply/],
  ];
  for (const [source, why] of refusals) {
    it(`are refused with a reason: ${JSON.stringify(source.slice(0, 20))}`, async () => {
      await assert.rejects(outcome(source), why);
    });
  }
});
