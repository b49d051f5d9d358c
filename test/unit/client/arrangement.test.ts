import assert from 'node:assert/strict';

import { arrange } from '../../../client/src/arrangement';
import type { ListChoices } from '../../../client/src/arrangement';
import { readProfiles } from '../../../client/src/profiles';
import type { ProfileEntry } from '../../../client/src/profiles';
import { movedBy, movedTo } from '../../../client/src/rearranging';
import type { Movable } from '../../../client/src/rearranging';

/** Profiles by their ids; `bench/a` stands in the group "bench". */
function list(...names: readonly string[]): readonly ProfileEntry[] {
  const user = names.map((name) => {
    const [id = '', group] = name.split('/').reverse();
    return { id, label: id, group, transport: { kind: 'tcp', host: 'lab' } };
  });
  const { entries, rejected } = readProfiles({ user });
  assert.deepEqual(rejected, []);
  return entries;
}

const choices = (order: readonly string[] = [], favourites: readonly string[] = []): ListChoices => ({
  order,
  favourites,
});

/** The list as text: `a bench(b c)`. */
function shown(entries: readonly ProfileEntry[], given: ListChoices): string {
  return arrange(entries, given)
    .map((item) =>
      item.kind === 'connection'
        ? item.entry.profile.id
        : `${item.name}(${item.entries.map(({ profile }) => profile.id).join(' ')})`,
    )
    .join(' ');
}

const one = (profileId: string): Movable => ({ kind: 'connection', profileId });
const group = (name: string): Movable => ({ kind: 'group', name });

describe('The list of connections', () => {
  it('is in the order of the settings until the user moves something', () => {
    assert.equal(shown(list('b', 'a', 'c'), choices()), 'b a c');
    assert.equal(shown(list('b', 'a', 'c'), choices(['c', 'a'])), 'c a b');
  });

  it('puts those of a group into one folder, where the first of them stands', () => {
    const entries = list('a', 'bench/b', 'c', 'bench/d', 'field/e');
    assert.equal(shown(entries, choices()), 'a bench(b d) c field(e)');
    assert.equal(shown(entries, choices(['d', 'a'])), 'bench(d b) a c field(e)');
  });

  it('shows favourites first, each in the list that it is in', () => {
    const entries = list('a', 'bench/b', 'bench/c', 'd', 'e');
    assert.equal(shown(entries, choices([], ['e', 'c'])), 'e a bench(c b) d');
  });

  it('takes ids that are no more for nothing', () => {
    assert.equal(shown(list('a', 'b'), choices(['gone', 'b'], ['gone'])), 'b a');
  });
});

describe('Moving in the list of connections', () => {
  function after(
    entries: readonly ProfileEntry[],
    given: ListChoices,
    what: Movable,
    by: -1 | 1,
  ): string | undefined {
    const order = movedBy(entries, given, what, by);
    return order === undefined ? undefined : shown(entries, { ...given, order });
  }

  it('goes by one place, and no further than the ends', () => {
    const entries = list('a', 'b', 'c');
    assert.equal(after(entries, choices(), one('c'), -1), 'a c b');
    assert.equal(after(entries, choices(), one('a'), 1), 'b a c');
    assert.equal(after(entries, choices(), one('a'), -1), undefined);
    assert.equal(after(entries, choices(), one('c'), 1), undefined);
    assert.equal(after(entries, choices(), one('gone'), 1), undefined);
  });

  it('goes past a whole group, and stays in its own', () => {
    const entries = list('bench/a', 'bench/b', 'c', 'bench/d');
    assert.equal(after(entries, choices(), one('c'), -1), 'c bench(a b d)');
    assert.equal(after(entries, choices(), one('d'), -1), 'bench(a d b) c');
    assert.equal(after(entries, choices(), one('a'), -1), undefined);
  });

  it('takes a group with all that is in it', () => {
    const entries = list('a', 'bench/b', 'c', 'bench/d');
    assert.equal(after(entries, choices(), group('bench'), -1), 'bench(b d) a c');
    assert.equal(after(entries, choices(), group('bench'), 1), 'a c bench(b d)');
    assert.equal(after(entries, choices(), one('a'), 1), 'bench(b d) a c');
  });

  it('moves a favourite among favourites, and others among others', () => {
    const entries = list('a', 'b', 'c', 'd');
    const given = choices([], ['a', 'c']);
    assert.equal(shown(entries, given), 'a c b d');
    assert.equal(after(entries, given, one('c'), -1), 'c a b d');
    assert.equal(after(entries, given, one('c'), 1), undefined);
    assert.equal(after(entries, given, one('d'), -1), 'a c d b');
    assert.equal(after(entries, given, one('b'), -1), undefined);
  });

  it('drops several before another one, or at the end', () => {
    const entries = list('a', 'b', 'c', 'd');
    assert.deepEqual(movedTo(entries, choices(), ['d', 'b'], 'a'), ['b', 'd', 'a', 'c']);
    assert.deepEqual(movedTo(entries, choices(), ['a'], undefined), ['b', 'c', 'd', 'a']);
    assert.deepEqual(movedTo(entries, choices(), ['a'], 'a'), ['a', 'b', 'c', 'd']);
  });
});
