import { arrange, inOrder } from './arrangement';
import type { ListChoices, ListItem } from './arrangement';
import type { ProfileEntry } from './profiles';

/** What is moved: a connection, or a group with all that is in it. */
export type Movable =
  | { readonly kind: 'connection'; readonly profileId: string }
  | { readonly kind: 'group'; readonly name: string };

/**
 * Moves something by one place among those that it stands with: favourites and the others are two lists.
 *
 * @param by -1 for up, 1 for down
 * @returns the new order; undefined where it is at the end already
 */
export function movedBy(
  entries: readonly ProfileEntry[],
  choices: ListChoices,
  what: Movable,
  by: -1 | 1,
): readonly string[] | undefined {
  const list = listAround(arrange(entries, choices), choices, what);
  const at = list.findIndex((item) => isSame(item, what));
  const neighbour = list[at + by];
  const moved = list[at];
  if (moved === undefined || neighbour === undefined) {
    return undefined;
  }
  // A group stands where the first of it does.
  const order = inOrder(entries, choices).map(({ profile }) => profile.id);
  const target = order.find((id) => idsOf(neighbour).includes(id));
  return target === undefined ? undefined : placed(order, idsOf(moved), target, by < 0 ? 'before' : 'behind');
}

/**
 * Puts connections beside another one.
 *
 * @param target the id of that one; the end of the list where it is left out
 */
export function movedTo(
  entries: readonly ProfileEntry[],
  choices: Pick<ListChoices, 'order'>,
  ids: readonly string[],
  target: string | undefined,
): readonly string[] {
  const order = inOrder(entries, choices).map(({ profile }) => profile.id);
  const moved = order.filter((id) => ids.includes(id));
  if (target === undefined) {
    return [...order.filter((id) => !moved.includes(id)), ...moved];
  }
  return moved.includes(target) ? order : placed(order, moved, target, 'before');
}

function placed(
  order: readonly string[],
  moved: readonly string[],
  target: string,
  side: 'before' | 'behind',
): readonly string[] {
  const others = order.filter((id) => !moved.includes(id));
  const at = others.indexOf(target) + (side === 'before' ? 0 : 1);
  return [...others.slice(0, at), ...moved, ...others.slice(at)];
}

/** The list that something can be moved in. */
function listAround(
  items: readonly ListItem[],
  { favourites }: ListChoices,
  what: Movable,
): readonly ListItem[] {
  const holder = items.find(
    (item) =>
      item.kind === 'group' &&
      what.kind === 'connection' &&
      item.entries.some(({ profile }) => profile.id === what.profileId),
  );
  const list: readonly ListItem[] =
    holder?.kind === 'group' ? holder.entries.map((entry) => ({ kind: 'connection', entry })) : items;
  const isFavourite = (item: ListItem): boolean =>
    item.kind === 'connection' && favourites.includes(item.entry.profile.id);
  const mine = list.find((item) => isSame(item, what));
  return mine === undefined ? [] : list.filter((item) => isFavourite(item) === isFavourite(mine));
}

function isSame(item: ListItem, what: Movable): boolean {
  return item.kind === 'group'
    ? what.kind === 'group' && what.name === item.name
    : what.kind === 'connection' && what.profileId === item.entry.profile.id;
}

function idsOf(item: ListItem): readonly string[] {
  const entries = item.kind === 'group' ? item.entries : [item.entry];
  return entries.map(({ profile }) => profile.id);
}
