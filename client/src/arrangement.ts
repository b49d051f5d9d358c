import type { ProfileEntry } from './profiles';

/** What the user has decided about the list; it is kept in VS Code's own store and stands in no profile. */
export interface ListChoices {
  /** Ids of profiles, first to last; those that are not named come behind them. */
  readonly order: readonly string[];
  /** Ids of the profiles that come first. */
  readonly favourites: readonly string[];
}

/** A place in a list: a connection, or a folder of some. */
export type ListItem =
  | { readonly kind: 'connection'; readonly entry: ProfileEntry }
  | { readonly kind: 'group'; readonly name: string; readonly entries: readonly ProfileEntry[] };

/**
 * The list of connections as it is shown: in the user's order, with favourites first in each list, and those of a
 * group in one folder, which stands where the first of them does.
 */
export function arrange(entries: readonly ProfileEntry[], choices: ListChoices): readonly ListItem[] {
  const groups = new Map<string, ProfileEntry[]>();
  const items: ListItem[] = [];
  for (const entry of inOrder(entries, choices)) {
    const { group } = entry.profile;
    const known = group === undefined ? undefined : groups.get(group);
    if (group === undefined) {
      items.push({ kind: 'connection', entry });
    } else if (known === undefined) {
      const members = [entry];
      groups.set(group, members);
      items.push({ kind: 'group', name: group, entries: members });
    } else {
      known.push(entry);
    }
  }
  const isFavourite = ({ profile }: ProfileEntry): boolean => choices.favourites.includes(profile.id);
  return favouritesFirst(
    items.map((item) =>
      item.kind === 'group' ? { ...item, entries: favouritesFirst(item.entries, isFavourite) } : item,
    ),
    (item) => item.kind === 'connection' && isFavourite(item.entry),
  );
}

/** All entries in the user's order; a new one comes last. */
export function inOrder(
  entries: readonly ProfileEntry[],
  { order }: Pick<ListChoices, 'order'>,
): readonly ProfileEntry[] {
  const place = new Map(order.map((id, index) => [id, index]));
  const placeOf = ({ profile }: ProfileEntry): number => place.get(profile.id) ?? order.length;
  return [...entries].sort((a, b) => placeOf(a) - placeOf(b));
}

function favouritesFirst<T>(values: readonly T[], isFavourite: (value: T) => boolean): readonly T[] {
  return [...values.filter(isFavourite), ...values.filter((value) => !isFavourite(value))];
}
