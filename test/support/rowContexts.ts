/** The context values that rows of the connections' view can have, as `client/src/rowItems.ts` makes them. */
const STATES = ['disconnected', 'connecting', 'connected', 'reconnecting', 'failed', 'lost'];
const OF_CONNECTIONS = ['classic', 'busy', 'output', 'favourite', 'production'];
const OF_OBJECTS = [
  'expression',
  'blocked',
  'parent',
  'editable',
  'deletable',
  'callable',
  'iterator',
  'showable',
];
/** What is known by name only. */
const UNREAD = ['unread', 'property'];

/** Every token behind state or kind. */
export const ROW_TOKENS = [...OF_CONNECTIONS, ...OF_OBJECTS, 'readable', 'wasRead'];

/** @param kinds of objects */
export function* rowContexts(kinds: readonly string[]): Generator<string> {
  yield 'rpycGroup';
  for (const group of ['methods', 'private', 'special']) {
    yield `rpycMembers ${group}`;
  }
  yield 'rpycNote';
  yield 'rpycMore';
  yield 'rpycReferences';
  yield 'rpycReference releasable';
  yield 'rpycCosts';
  for (const state of STATES) {
    for (const tokens of subsets(OF_CONNECTIONS)) {
      yield ['rpycConnection', state, 'user', ...tokens].join(' ');
    }
  }
  for (const kind of kinds) {
    for (const tokens of subsets(OF_OBJECTS)) {
      const unread = UNREAD.includes(kind) && !tokens.includes('blocked');
      for (const read of unread ? [['readable']] : [[], ['wasRead']]) {
        yield ['rpycObject', kind, ...read, ...tokens].join(' ');
      }
    }
  }
}

function* subsets(tokens: readonly string[]): Generator<readonly string[]> {
  for (let bits = 0; bits < 1 << tokens.length; bits++) {
    yield tokens.filter((_, index) => (bits & (1 << index)) !== 0);
  }
}

/** Whether the part of a menu's condition that is about the row holds. */
export function fitsRow(when: string, context: string): boolean {
  const pattern = /viewItem =~ \/(.*?)\/(?= &&|$)/.exec(when)?.[1];
  const exact = /viewItem == '([^']*)'/.exec(when)?.[1];
  return pattern === undefined ? exact === context : new RegExp(pattern).test(context);
}
