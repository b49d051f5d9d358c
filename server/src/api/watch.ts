/** The shapes of what is watched: paths in, values out. */
import type { ObjectKind, ObjectPath, Problem } from './model';

/** Paths that one request reads, at most, and thus that can be watched. */
export const MAX_WATCHED = 100;

export interface WatchParams {
  readonly profileId: string;
  /** Each begins with a root and goes on. */
  readonly paths: readonly ObjectPath[];
  /** Whether code of the peer may run for it: properties, and attributes of a service. It may unless told. */
  readonly evaluate?: boolean;
}

/** What lies at the end of a path now. Nothing of it is held on the peer. */
export interface WatchReading {
  readonly kind: ObjectKind;
  readonly typeName: string;
  /** Short text of the value, one line, bounded. */
  readonly value: string;
  readonly length?: number;
  /** Why the policy of the peer keeps it out of reach, as predicted, in one sentence. It was not asked for. */
  readonly blocked?: string;
}

/** Of one path: what is there, or why that cannot be told. */
export type WatchAnswer = { readonly reading: WatchReading } | { readonly problem: Problem };
