import assert from 'node:assert/strict';

import {
  memberFacts,
  memberNames,
  memberTitle,
  splitDocumentation,
  valueFacts,
} from '../../../../server/src/features/inspect/remoteRows';
import { FrozenSet } from '../../../../server/src/rpyc/index';

const OBSTACLE = { text: 'not exposed by the service', rule: 'Only names that begin with exposed_.' };

describe('Rows of a strict service', () => {
  it('are one for a name and its exposed form, those in reach first', () => {
    const names = ['_secret', 'exposed_b', 'b', 'public', 'exposed_a', '__doc__', '__init__', '__next__'];
    assert.deepEqual(memberNames(names), [
      'exposed_a',
      'exposed_b',
      'public',
      '_secret',
      '__doc__',
      '__next__',
    ]);
    assert.equal(memberTitle('exposed_a'), 'a');
  });

  it('offer nothing of what is out of reach', () => {
    const facts = memberFacts('public', {
      isMethod: false,
      documentation: null,
      obstacle: OBSTACLE,
      ofService: false,
    });
    assert.deepEqual(
      [facts.unread, facts.expandable, facts.value, facts.blocked, facts.access],
      [
        false,
        false,
        OBSTACLE.text,
        OBSTACLE.rule,
        { editable: false, deletable: false, callable: false, iterator: false, showable: false },
      ],
    );
    const method = { isMethod: true, documentation: 'Adds.\n\nSlowly.', ofService: true };
    const blocked = memberFacts('add', { ...method, obstacle: OBSTACLE });
    assert.deepEqual([blocked.kind, blocked.access?.callable], ['method', false]);
    const open = memberFacts('exposed_add', { ...method, obstacle: undefined });
    assert.deepEqual(
      [open.name, open.value, open.access?.callable, open.blocked],
      ['add', 'Adds.', true, undefined],
    );
  });

  it('take the signature out of documentation that begins with it', () => {
    assert.deepEqual(splitDocumentation('exposed_add', 'add(left, right=0) -> int\n\nAdds.'), {
      signature: 'add(left, right=0) -> int',
      documentation: 'Adds.',
    });
    assert.deepEqual(splitDocumentation('exposed_add', '\n  exposed_add(x)  '), {
      signature: 'exposed_add(x)',
      documentation: '',
    });
    for (const text of ['Adds (two) numbers.', 'add(two numbers', 'adds(x)', '']) {
      assert.deepEqual(splitDocumentation('exposed_add', text), { documentation: text });
    }
    assert.ok(splitDocumentation('f', `f(${'x'.repeat(5_000_000)})`).documentation.length <= 8000);
  });

  it('open what came by value: tuples and frozen sets', () => {
    const step = { kind: 'attr', name: 'x' } as const;
    const set = valueFacts(step, 'x', new FrozenSet([1, 2]));
    assert.deepEqual(
      [set.facts.kind, set.facts.expandable, set.held],
      ['set', true, { kind: 'value', items: [1, 2] }],
    );
    assert.equal(valueFacts(step, 'x', []).facts.expandable, false);
    assert.equal(valueFacts(step, 'x', 'text').facts.expandable, false);
  });
});
