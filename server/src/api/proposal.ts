/**
 * The check of what a link or another extension proposes, beside the one check of a profile. A proposal comes from a
 * stranger: it says where a server is, and nothing that would run a program, read a file, name a secret or log in.
 */
import { type Fault, type Fields, isFields, unknownField, wrong } from './fields';
import type { Profile, TransportKind } from './model';
import { type CheckedProfile, checkProfile } from './profile';

/** Where a proposal comes from. */
export type ProposalSource = 'link' | 'extension';

/** The fields of a profile that may be proposed. The id is made from the address, so that none is replaced. */
const PROPOSABLE_FIELDS: readonly string[] = [
  'version',
  'label',
  'transport',
  'service',
  'dialect',
  'oneShot',
];

/** The kinds that may be proposed, and their fields. */
const PROPOSABLE: Readonly<
  Record<ProposalSource, Readonly<Partial<Record<TransportKind, readonly string[]>>>>
> = {
  link: {
    tcp: ['host', 'port'],
    tls: ['host', 'port', 'pin', 'servername'],
    registry: ['service', 'registry'],
  },
  extension: {
    tcp: ['host', 'port'],
    tls: ['host', 'port', 'pin', 'servername'],
    registry: ['service', 'registry'],
    unix: ['path'],
    pipe: ['name'],
  },
};

const NOT_PROPOSABLE = 'cannot be proposed';

/** Characters that are not seen, or turn the direction of reading. */
const HIDDEN = /\p{Cf}/u;

/**
 * Checks a proposed profile: by the one check, and that it holds nothing but an address.
 *
 * @returns a profile whose id is made from its address, or the first fault
 */
export function checkProposal(value: unknown, source: ProposalSource): CheckedProfile {
  if (!isFields(value)) {
    return wrong('profile', 'must be an object');
  }
  const { label, transport } = value;
  const kinds = PROPOSABLE[source];
  const kind = isFields(transport) ? transport['kind'] : undefined;
  const known = (Object.keys(kinds) as TransportKind[]).find((each) => each === kind);
  if (known === undefined || !isFields(transport)) {
    return wrong('transport.kind', `must be one of ${Object.keys(kinds).join(', ')}`);
  }
  const unknown = unknownField(value, PROPOSABLE_FIELDS);
  if (unknown !== undefined) {
    return wrong(unknown, NOT_PROPOSABLE);
  }
  const extra = unknownField(transport, ['kind', ...(kinds[known] ?? [])]);
  if (extra !== undefined) {
    return wrong(`transport.${extra}`, NOT_PROPOSABLE);
  }
  if (typeof label === 'string' && HIDDEN.test(label)) {
    return wrong('label', 'must be without hidden characters');
  }
  return checkProfile(value);
}

/** What may stand behind the question mark of a link. */
const LINK_PARAMETERS = ['kind', 'host', 'port', 'label', 'service', 'pin', 'name', 'mode'] as const;

/**
 * Reads the query of a link: `host=lab&port=18812&kind=tcp&label=Bench`. Of the kind `registry`, `name` is the
 * service, and `host`, `port` and `mode` (`udp` or `tcp`) are the registry. `service` is `auto`, `classic` or
 * `service`. Anything else is a fault and not passed over.
 */
export function profileOfLink(query: string): { readonly profile: Profile } | { readonly fault: Fault } {
  const given: Record<string, string> = {};
  for (const [name, text] of new URLSearchParams(query)) {
    const known = LINK_PARAMETERS.find((each) => each === name);
    if (known === undefined || given[known] !== undefined) {
      return wrong(name.slice(0, 100), 'cannot stand in a link, or stands there twice');
    }
    given[known] = text;
  }
  const { kind = 'tcp', label, service } = given;
  return checkProposal(
    {
      ...(label === undefined ? {} : { label }),
      ...(service === undefined ? {} : { service }),
      transport: { kind, ...placeOf(kind, given) },
    },
    'link',
  );
}

function placeOf(kind: string, given: Readonly<Record<string, string>>): Fields {
  const { host, pin, name, mode } = given;
  const port = given['port'] === undefined ? {} : { port: portOf(given['port']) };
  if (kind !== 'registry') {
    return { host, ...port, pin, ...leftover({ name, mode }) };
  }
  const registry = { host, ...port, transport: mode };
  const isNamed = Object.values(registry).some((value) => value !== undefined);
  return { service: name, ...(isNamed ? { registry } : {}), ...leftover({ pin }) };
}

/** What a kind has no field for is a fault of the check. */
function leftover(fields: Readonly<Record<string, string | undefined>>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** Digits only: `0x10` and `1e4` are no ports. */
function portOf(text: string): number | string {
  return /^\d{1,5}$/.test(text) ? Number(text) : text;
}
