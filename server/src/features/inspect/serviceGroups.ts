/** Names of an object of a strict service in groups, as the helper makes them on a classic peer. */
import type { MemberGroup } from '../../api/model';
import { isSpecial } from './accessPolicy';
import { GROUP_NAMES, type RowFacts } from './rows';

const GROUPS = Object.keys(GROUP_NAMES) as readonly MemberGroup[];

/** The names of an object, and what is known of them. */
export interface GroupableNames {
  readonly names: readonly string[];
  readonly isMethod: (name: string) => boolean;
  /** Methods are what one looks for here, so they stay on the page itself. */
  readonly keepsMethods: boolean;
}

/** The names of one group; those of none without a group. */
export function namesOf(members: GroupableNames, group: MemberGroup | undefined): readonly string[] {
  return members.names.filter((name) => groupOf(members, name) === group);
}

/** A row for each group that has any names. */
export function groupRows(members: GroupableNames): readonly RowFacts[] {
  return GROUPS.flatMap((group) => {
    const length = namesOf(members, group).length;
    return length === 0 ? [] : [groupFacts(group, length)];
  });
}

function groupOf({ isMethod, keepsMethods }: GroupableNames, name: string): MemberGroup | undefined {
  if (isSpecial(name)) {
    return 'special';
  }
  if (name.startsWith('_')) {
    return 'private';
  }
  return !keepsMethods && isMethod(name) ? 'methods' : undefined;
}

function groupFacts(group: MemberGroup, length: number): RowFacts {
  return {
    step: { kind: 'group', group },
    name: GROUP_NAMES[group],
    kind: 'group',
    typeName: '',
    value: '',
    expandable: true,
    length,
    reachable: false,
    unread: false,
  };
}
