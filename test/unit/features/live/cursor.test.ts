import assert from 'node:assert/strict';

import { askedAt, callAt, nameAt } from '../../../../server/src/features/live/cursor';

/** `name.attribute['key']`, as a reader would write it. */
function written(path: readonly (readonly [string, string | number])[]): string {
  return path
    .map(([kind, value], index) =>
      kind === 's'
        ? `[${JSON.stringify(value)}]`
        : `${kind === 'm' ? 'module ' : index > 0 ? '.' : ''}${value}`,
    )
    .join('');
}

/** What is asked for at the end of a text, as one line. */
function asked(text: string): string {
  const found = askedAt(text);
  switch (found?.what) {
    case undefined:
      return 'nothing';
    case 'names':
      return `names ${found.prefix}`;
    case 'attributes':
      return `attributes of ${written(found.path)}: ${found.prefix}`;
    case 'keys':
      return `keys of ${written(found.path)}: ${found.quote}${found.prefix}`;
    case 'modules':
      return `modules in ${found.package}: ${found.prefix}`;
    case 'members':
      return `members of ${found.module}: ${found.prefix}`;
  }
}

/** What is called at the end of a text. */
function called(text: string): string {
  const found = callAt(text);
  return found === undefined ? 'nothing' : `${written(found.path)} ${found.keyword ?? found.position}`;
}

function check(read: (text: string) => string, table: Readonly<Record<string, string>>): void {
  const found = Object.fromEntries(Object.keys(table).map((text) => [text, read(text)]));
  assert.deepEqual(found, table);
}

describe('what a text asks for at the cursor', () => {
  it('is a name, where one can be looked up', () => {
    check(asked, {
      '': 'names ',
      bo: 'names bo',
      'x = bo': 'names bo',
      'print(bo': 'names bo',
      'if bo': 'names bo',
      'x = 1; bo': 'names bo',
      'x = 1\n\nbo': 'names bo',
      'return schön': 'names schön',
      'x = [1,\n  bo': 'names bo',
      '"text" + bo': 'names bo',
      'not_closed = (1,\nimport bo': 'modules in : bo',
    });
  });

  it('is an attribute of what a path of names and literal keys leads to', () => {
    check(asked, {
      'boat.': 'attributes of boat: ',
      'boat.na': 'attributes of boat: na',
      'x = -boat.crew [0] ["na\\x6de"].': 'attributes of boat.crew[0]["name"]: ',
      'boat.crew[-1].na': 'attributes of boat.crew[-1]: na',
      'f(boat.\\\n  crew.': 'attributes of boat.crew: ',
      'for b in boat.cr': 'attributes of boat: cr',
      'boat.is.na': 'attributes of boat.is: na',
    });
  });

  it('is a key', () => {
    check(asked, {
      'd[': 'keys of d: ',
      'd["': 'keys of d: "',
      "d.inner['na": "keys of d.inner: 'na",
      'd["a"]["b': 'keys of d["a"]: "b',
      'x = [': 'names ',
      'd[0][': 'keys of d[0]: ',
    });
  });

  it('is a module or what is in one', () => {
    check(asked, {
      'import ': 'modules in : ',
      'import os, sy': 'modules in : sy',
      'import xml.dom.mi': 'modules in xml.dom: mi',
      'from xml.': 'modules in xml: ',
      'from os import pa': 'members of os: pa',
      'from os.path import (\n  join,\n  sp': 'members of os.path: sp',
      'from . import x': 'nothing',
      'import os as na': 'nothing',
      'from os import path as na': 'nothing',
      'from os ': 'nothing',
      'import os ': 'nothing',
    });
  });

  it('is nothing in comments and strings, and where only running code would tell', () => {
    check(asked, {
      '# boat.': 'nothing',
      'x = 1  # bo': 'nothing',
      '"boat.': 'nothing',
      "'''\nboat.": 'nothing',
      'f"{boat.': 'nothing',
      'd[b"k': 'nothing',
      'd["""k': 'nothing',
      'boat().': 'nothing',
      'boat[i].': 'nothing',
      'boat[0:1].': 'nothing',
      '"text".': 'nothing',
      '[0].': 'nothing',
      '1.': 'nothing',
      '.na': 'nothing',
      'boat na': 'nothing',
      'boat) na': 'nothing',
      'x = 12': 'nothing',
    });
    assert.equal(asked("'''\nfirst\n''' # it's\nx = 'open\nboat."), 'attributes of boat: ');
  });

  it('is nothing where a name is given, and for the names of a function itself', () => {
    check(asked, {
      'def na': 'nothing',
      'class Na': 'nothing',
      'with x as na': 'nothing',
      'def f(a, bo': 'nothing',
      'def f(self):\n    self.': 'nothing',
      'def f(a=(1, 2), *, boat):\n\n    boat.': 'nothing',
      'def f():\n    boat, other = 1, 2\n    if x:\n        boat.': 'nothing',
      'def f():\n    for boat in x:\n        boat["': 'nothing',
      'def f():\n    with open(x) as boat:\n        boat.': 'nothing',
      'def outer(boat):\n    def inner():\n        boat.': 'nothing',
      'f(lambda boat: boat.': 'nothing',
      'def f():\n    return boat == boat.': 'attributes of boat: ',
      'def f():\n    x.boat = 1\n    boat.': 'attributes of boat: ',
      'def f():\n    global boat\n    boat = 1\n    boat.': 'attributes of boat: ',
      'def f(boat):\n    pass\nboat.': 'attributes of boat: ',
    });
  });

  it('is found fast in a long text, also where brackets and quotes are missing', () => {
    const line = 'def fun(a, b): return [a, {b: "x"}, (a  # it\n';
    const text = `${line.repeat(2000)}    ${' '.repeat(1000)}\n${'\n'.repeat(2000)}    boat.na`;
    // The best of some tries, since the machine has other work.
    const times = [1, 2, 3, 4, 5].map(() => {
      const since = performance.now();
      askedAt(text);
      return performance.now() - since;
    });
    assert.ok(Math.min(...times) < 200, `${String(times)} ms`);
  });
});

describe('the name at a place', () => {
  const named = (before: string, after: string): string => {
    const found = nameAt(before, after);
    return found === undefined ? 'nothing' : `${written(found.path)} from ${found.start}`;
  };

  it('is the whole of it, with what leads there', () => {
    assert.equal(named('x = boat.cr', 'ew[0].name'), 'boat.crew from 9');
    assert.equal(named('x = bo', 'at.crew'), 'boat from 4');
    assert.equal(named('boat.crew', ''), 'boat.crew from 5');
    assert.equal(named('def fi', 'nd(a):'), 'find from 4');
    assert.equal(named('import xml.d', 'om as d'), 'module xml.dom from 11');
    assert.equal(named('from os import pa', 'th, sep'), 'module os.path from 15');
  });

  it('is none for keywords, texts, comments, parameters and the names of arguments', () => {
    const nothing = [
      ['retu', 'rn x'],
      ['"bo', 'at"'],
      ['# bo', 'at'],
      ['def find(bo', 'at):'],
      ['find(bo', 'at=1)'],
      ['1', '2'],
      ['boat().na', 'me'],
      ['', ' '],
    ] as const;
    assert.deepEqual(
      nothing.map(([before, after]) => named(before, after)),
      nothing.map(() => 'nothing'),
    );
  });
});

describe('the call around a place', () => {
  it('is the innermost one whose brackets are open, with the argument that is written', () => {
    check(called, {
      'find(': 'find 0',
      'boat.find(1, [2, 3], ': 'boat.find 2',
      'find(g(1, 2), x': 'find 1',
      'find(g(1, ': 'g 1',
      'find((1, ': 'find 0',
      'find(1, [2, 3, ': 'find 1',
      'find({"a": (1, 2)}, "te, (': 'find 1',
      'find(1, name=2, other=': 'find other',
      'find(name=': 'find name',
      'd["k"](1,\n  2,': 'd["k"] 2',
    });
  });

  it('is none where it is closed, or what is called is not known without running code', () => {
    check(called, {
      'find()': 'nothing',
      'find(1)\n': 'nothing',
      '(1, ': 'nothing',
      'make()(': 'nothing',
      'def find(a, ': 'nothing',
      'class Boat(': 'nothing',
      'find(1, # ': 'nothing',
    });
  });

  it('is found at once, however long a line above it is', () => {
    const before = `def f():\n    print(${'value, '.repeat(12_000)})\n    value.`;
    const started = performance.now();
    assert.equal(asked(before), 'attributes of value: ');
    assert.ok(performance.now() - started < 2000);
  });
});
