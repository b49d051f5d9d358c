/** Profiles of the connections that a test lists. */
import type { Profile } from '../../server/src/api/model';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A profile whose id is its label. */
export function profileTo({ host, port }: Address, label: string, more: Partial<Profile> = {}): Profile {
  return {
    id: label,
    version: 1,
    label,
    transport: { kind: 'tcp', host, port },
    service: 'auto',
    ...more,
  };
}
