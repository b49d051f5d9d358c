/**
 * What a strict service's attribute policy lets a client reach, told without asking for a single attribute: from the
 * names that DIR lists, which no policy keeps back, and from what earlier answers on the connection have proved.
 */
import type { PeerInfo } from '../../api/model';
import { DEFAULT_CONFIG, RemoteError } from '../../rpyc/index';
import { isFrom } from '../advisories';

/** What RPyC puts before the names that a service offers, unless its server was told otherwise. */
export const EXPOSED_PREFIX = DEFAULT_CONFIG.exposed_prefix;

/** An object whose class has this decides itself, in the place of the policy. */
const OVERRIDE = '_rpyc_getattr';

/** Every service has this. Up to 3.4.3 they decide themselves, by putting the prefix before whatever is asked for. */
const SERVICE_NAME = 'exposed_get_service_name';

/** Safe names that only newer releases have, and the first release of each. */
const NEWER_SAFE_NAMES: ReadonlyMap<string, string> = new Map([['__format__', '5.1']]);

/** Classes that decide themselves, and single names of theirs that were asked for, that are remembered. */
const MAX_REMEMBERED = 5000;

/** What RPyC raises where the policy does not let a client through. */
const REFUSAL = 'AttributeError: cannot access ';

/** Whether the policy of a service has refused, and not some code of the service. */
export function isRefusal(error: unknown): boolean {
  return attributeErrorText(error)?.startsWith(REFUSAL) === true;
}

function attributeErrorText(error: unknown): string | undefined {
  return error instanceof RemoteError && error.typeName === 'AttributeError' ? error.message : undefined;
}

/** An object, as far as DIR and its reference tell. */
export interface PolicySubject {
  /** Full name of its class. */
  readonly typeName: string;
  readonly names: ReadonlySet<string>;
}

/** Why a name is out of reach, as predicted. */
export interface Obstacle {
  /** A few words for the row. */
  readonly text: string;
  /** The rule, as one sentence for the hover. */
  readonly rule: string;
}

/** What kind of rule a name falls under. */
type NameClass = 'exposed' | 'safe' | 'special' | 'private' | 'public';

/** The settings of a server that decide, as guessed; the protocol never tells them. */
interface Flags {
  exposed: boolean;
  safe: boolean;
  public: boolean;
  all: boolean;
}

/** The policy of one connection. It begins with RPyC's defaults and is corrected by what answers prove. */
export class AccessPolicy {
  private readonly flags: Flags = { exposed: true, safe: true, public: false, all: false };
  private readonly safeNames: ReadonlySet<string>;
  /** Classes whose objects decide themselves. */
  private readonly deciding = new Set<string>();
  /** By class and name: whether it was given when it was asked for. */
  private readonly answers = new Map<string, boolean>();

  constructor(private readonly peer: Pick<PeerInfo, 'dialect' | 'rpycVersion'>) {
    this.safeNames = safeNamesOf(peer);
  }

  /** Why a client cannot have this attribute; undefined where it can, as far as anybody can tell. */
  obstacleTo({ typeName, names }: PolicySubject, name: string): Obstacle | undefined {
    const answer = this.answers.get(answerKey(typeName, name));
    if (answer !== undefined) {
      return answer ? undefined : REFUSED;
    }
    if (names.has(OVERRIDE)) {
      remember(this.deciding, typeName);
      const isOldService = this.peer.dialect === 'A' && names.has(SERVICE_NAME);
      return isOldService ? oldServiceObstacle(names, name) : DECIDES_ITSELF;
    }
    if (this.flags.all || (this.flags.exposed && names.has(EXPOSED_PREFIX + name))) {
      return undefined;
    }
    const nameClass = this.classOf(name);
    switch (nameClass) {
      case 'exposed':
      case 'public':
        return this.flags.public || (nameClass === 'exposed' && this.flags.exposed)
          ? undefined
          : this.publicObstacle(nameClass);
      case 'safe':
        return this.flags.safe ? undefined : UNSAFE;
      case 'special':
        return SPECIAL;
      case 'private':
        return PRIVATE;
    }
  }

  /** An attribute was given. */
  learnGiven(typeName: string, name: string): void {
    this.learn(typeName, name, true);
  }

  /** An attribute was refused. */
  learnRefused(typeName: string, name: string): void {
    this.learn(typeName, name, false);
  }

  /** Whether this error of a request for an attribute means that a client may not have it. */
  refuses(typeName: string, error: unknown): boolean {
    return isRefusal(error) || (this.deciding.has(typeName) && attributeErrorText(error) !== undefined);
  }

  /** An object that decides itself says nothing about the others. */
  private learn(typeName: string, name: string, given: boolean): void {
    remember(this.answers, answerKey(typeName, name), given);
    if (this.deciding.has(typeName)) {
      return;
    }
    switch (this.classOf(name)) {
      case 'exposed':
        this.flags.exposed = given;
        break;
      case 'safe':
        this.flags.safe = given;
        break;
      case 'public':
        this.flags.public = given;
        break;
      default:
        this.flags.all = given;
        this.flags.public ||= given;
    }
    if (!given) {
      this.flags.all = false;
    }
  }

  private classOf(name: string): NameClass {
    if (name.startsWith(EXPOSED_PREFIX)) {
      return 'exposed';
    }
    if (this.safeNames.has(name)) {
      return 'safe';
    }
    if (isSpecial(name)) {
      return 'special';
    }
    return name.startsWith('_') ? 'private' : 'public';
  }

  private publicObstacle(nameClass: 'exposed' | 'public'): Obstacle {
    if (!this.flags.exposed) {
      return nameClass === 'exposed' ? NOT_EXPOSING : UNKNOWN_PREFIX;
    }
    return NOT_EXPOSED;
  }
}

/** `__name__` */
export function isSpecial(name: string): boolean {
  return name.length > 4 && name.startsWith('__') && name.endsWith('__');
}

const NOT_EXPOSED: Obstacle = {
  text: 'not exposed by the service',
  rule: `Only names that begin with ${EXPOSED_PREFIX} can be reached (allow_public_attrs is off).`,
};

const PRIVATE: Obstacle = {
  text: 'private to the service',
  rule: 'Names that begin with an underscore are private to the service (allow_all_attrs is off).',
};

const SPECIAL: Obstacle = {
  text: 'special, and not among the safe names',
  rule: 'Of the names that Python gives a meaning, only those that RPyC holds safe can be reached (allow_all_attrs is off).',
};

const UNSAFE: Obstacle = {
  text: 'not exposed by the service',
  rule: 'The server refused a name of this sort: it lets clients reach no special names (allow_safe_attrs is off).',
};

const NOT_EXPOSING: Obstacle = {
  text: 'refused by the service',
  rule: `The server refused a name that begins with ${EXPOSED_PREFIX}: it uses another prefix (exposed_prefix), or none (allow_exposed_attrs is off).`,
};

const UNKNOWN_PREFIX: Obstacle = {
  text: 'not exposed by the service',
  rule: 'The server does not use the usual prefix, and nobody can tell which names it lets clients reach (allow_public_attrs is off).',
};

const REFUSED: Obstacle = {
  text: 'refused by the service',
  rule: 'The server refused this name when it was asked for.',
};

const DECIDES_ITSELF: Obstacle = {
  text: 'up to the object',
  rule: `This object decides itself which names it gives (it has ${OVERRIDE}), and nobody can tell before asking.`,
};

const OLD_SERVICE: Obstacle = {
  text: 'not exposed by the service',
  rule: `Only names that begin with ${EXPOSED_PREFIX} can be reached (services of rpyc 3.3 to 3.4.3 put it before every name).`,
};

function oldServiceObstacle(names: ReadonlySet<string>, name: string): Obstacle | undefined {
  return name.startsWith(EXPOSED_PREFIX) || names.has(EXPOSED_PREFIX + name) ? undefined : OLD_SERVICE;
}

/** The safe names of a peer's release; where that is not told, those that all releases of its dialect have. */
function safeNamesOf({
  dialect,
  rpycVersion,
}: Pick<PeerInfo, 'dialect' | 'rpycVersion'>): ReadonlySet<string> {
  const version = rpycVersion ?? (dialect === 'D' ? '6.0' : '0');
  return new Set(
    [...DEFAULT_CONFIG.safe_attrs].filter((name) => isFrom(version, NEWER_SAFE_NAMES.get(name) ?? '0')),
  );
}

function answerKey(typeName: string, name: string): string {
  return `${typeName}\n${name}`;
}

function remember(where: Set<string>, key: string): void;
function remember<T>(where: Map<string, T>, key: string, value: T): void;
function remember(where: Set<string> | Map<string, unknown>, key: string, value?: unknown): void {
  where.delete(key);
  for (const oldest of where.keys()) {
    if (where.size < MAX_REMEMBERED) {
      break;
    }
    where.delete(oldest);
  }
  if (where instanceof Set) {
    where.add(key);
  } else {
    where.set(key, value);
  }
}
