import type {
  FoundServer,
  LocalServers,
  RegistryAnswer,
  ServerAddress,
  ServerReach,
  ServiceSearchResult,
} from '../../server/src/api/discovery';

/** What the view has to say where it has no rows. */
export type DiscoveryState =
  /** Nobody has been asked. */
  | 'unasked'
  | 'found'
  /** No registry answered. */
  | 'silent'
  /** Registries answered, and no service is registered. */
  | 'empty'
  /** Nothing is known, and a registry does not tell its names. */
  | 'forbidden';

export interface ServerRow {
  readonly kind: 'server';
  readonly id: string;
  readonly server: FoundServer;
  /** Undefined where nobody has tried. */
  reach: ServerReach | undefined;
  /** An answer to the newest question is awaited. */
  checking: boolean;
  /** When a registry told it last, in milliseconds. */
  toldAt: number;
}

export interface GroupRow {
  readonly kind: 'group';
  readonly id: string;
  readonly name: string;
  readonly servers: readonly ServerRow[];
}

export interface LocalRow {
  readonly kind: 'local';
  readonly id: string;
  readonly what: 'registry' | 'demo';
  readonly address: ServerAddress;
  readonly mode?: 'udp' | 'tcp';
}

export interface RegistriesRow {
  readonly kind: 'registries';
  readonly id: string;
  readonly answers: readonly RegistryAnswer[];
}

export interface RegistryRow {
  readonly kind: 'registry';
  readonly id: string;
  readonly answer: RegistryAnswer;
}

/** Says that not everything is shown. */
export interface LeftOutRow {
  readonly kind: 'leftOut';
  readonly id: string;
  readonly senseless: number;
  readonly truncated: boolean;
}

export type DiscoveryRow = GroupRow | ServerRow | LocalRow | RegistriesRow | RegistryRow | LeftOutRow;

/** As long as registries remember a server that does not register again. */
const REMEMBERED_MS = 240_000;

/** Where a registry of ours is asked that listens on every address. */
const LOOPBACK = '127.0.0.1';

/** More groups than this stay closed until they are opened. */
const OPEN_GROUPS = 50;

/** What is known of services, from one search to the next. */
export class DiscoveryModel {
  private localNow: LocalServers = {};
  private readonly servers = new Map<string, ServerRow>();
  private answers: readonly RegistryAnswer[] = [];
  private leftOut: LeftOutRow | undefined;
  private askedAtNow: number | undefined;

  /** What runs in this window. */
  get local(): LocalServers {
    return this.localNow;
  }

  /** When the newest answers came, in milliseconds. */
  get askedAt(): number | undefined {
    return this.askedAtNow;
  }

  get state(): DiscoveryState {
    if (this.askedAtNow === undefined) {
      return 'unasked';
    }
    if (this.servers.size > 0) {
      return 'found';
    }
    const has = (...wanted: readonly RegistryAnswer['status'][]): boolean =>
      this.answers.some(({ status }) => wanted.includes(status));
    return has('forbidden') ? 'forbidden' : has('listed', 'byName') ? 'empty' : 'silent';
  }

  /** The rows at the top: what runs here, the services by name, the registries. */
  get top(): readonly DiscoveryRow[] {
    const rows: DiscoveryRow[] = [...this.localRows(), ...this.groups()];
    if (this.leftOut !== undefined) {
      rows.push(this.leftOut);
    }
    // Where there is nothing else, the welcome text says what to do; but who failed is to be seen.
    if (this.servers.size > 0 || this.answers.some(({ status }) => status === 'failed')) {
      rows.push({ kind: 'registries', id: 'registries', answers: this.answers });
    }
    return rows;
  }

  get opensGroups(): boolean {
    return new Set([...this.servers.values()].map(({ server }) => server.name)).size <= OPEN_GROUPS;
  }

  childrenOf(row: DiscoveryRow): readonly DiscoveryRow[] {
    if (row.kind === 'group') {
      return row.servers;
    }
    return row.kind === 'registries'
      ? row.answers.map((answer): RegistryRow => ({ kind: 'registry', id: `registry ${answer.id}`, answer }))
      : [];
  }

  /** The registries that told a server, those that are known still. */
  tellersOf({ server }: ServerRow): readonly RegistryAnswer[] {
    return this.answers.filter(({ id }) => server.registries.includes(id));
  }

  /**
   * Takes the answers to a search. A server that nobody told this time stays for a while, older by then, unless a
   * registry that told it before has answered: datagrams get lost.
   */
  accept({ servers, registries, leftOut, truncated }: ServiceSearchResult, now: number): void {
    const before = new Map(this.servers);
    this.servers.clear();
    for (const server of servers) {
      const id = `server ${server.name} ${server.host} ${server.port}`;
      this.servers.set(id, {
        kind: 'server',
        id,
        server,
        reach: before.get(id)?.reach,
        checking: false,
        toldAt: now,
      });
    }
    const answered = new Set(
      registries.filter(({ status }) => status !== 'silent' && status !== 'failed').map(({ id }) => id),
    );
    for (const [id, row] of before) {
      const isKnown = !this.servers.has(id) && !row.server.registries.some((each) => answered.has(each));
      if (isKnown && now - row.toldAt < REMEMBERED_MS) {
        this.servers.set(id, row);
      }
    }
    this.answers = registries;
    this.leftOut =
      leftOut === 0 && !truncated
        ? undefined
        : { kind: 'leftOut', id: 'leftOut', senseless: leftOut, truncated };
    this.askedAtNow = now;
  }

  /** A registry of ours that has ended takes along what nobody else told. */
  acceptLocal(local: LocalServers): void {
    const ended = this.localNow.registry;
    this.localNow = local;
    if (ended === undefined || local.registry?.port === ended.port) {
      return;
    }
    const { mode, port } = ended;
    const ids = [ended.host, LOOPBACK].map((host) => `${mode} ${host} ${port}`);
    for (const [id, { server }] of this.servers) {
      if (server.registries.every((each) => ids.includes(each))) {
        this.servers.delete(id);
      }
    }
  }

  /** Forgets everything but what runs here. */
  clear(): void {
    this.servers.clear();
    this.answers = [];
    this.leftOut = undefined;
    this.askedAtNow = undefined;
  }

  /**
   * Addresses to try, each once: none that is odd.
   * @param again also those that answered when they were last tried
   */
  toCheck(again: boolean): readonly ServerAddress[] {
    const wanted = new Map<string, ServerAddress>();
    for (const row of this.servers.values()) {
      const { host, port, checkable } = row.server;
      if (checkable && (again || row.reach !== 'reachable')) {
        row.checking = true;
        wanted.set(`${port} ${host}`, { host, port });
      }
    }
    return [...wanted.values()];
  }

  acceptReach(addresses: readonly ServerAddress[], reach: readonly (ServerReach | undefined)[]): void {
    const byAddress = new Map(addresses.map(({ host, port }, index) => [`${port} ${host}`, reach[index]]));
    for (const row of this.servers.values()) {
      const key = `${row.server.port} ${row.server.host}`;
      if (byAddress.has(key)) {
        row.checking = false;
        row.reach = byAddress.get(key) ?? row.reach;
      }
    }
  }

  private localRows(): readonly LocalRow[] {
    const { registry, demo } = this.localNow;
    return [
      ...(registry === undefined
        ? []
        : [
            {
              kind: 'local',
              id: 'local registry',
              what: 'registry',
              address: registry,
              mode: registry.mode,
            } as const,
          ]),
      ...(demo === undefined
        ? []
        : [{ kind: 'local', id: 'local demo', what: 'demo', address: demo } as const]),
    ];
  }

  private groups(): readonly GroupRow[] {
    const byName = new Map<string, ServerRow[]>();
    for (const row of this.servers.values()) {
      const group = byName.get(row.server.name) ?? [];
      group.push(row);
      byName.set(row.server.name, group);
    }
    return [...byName]
      .sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }))
      .map(([name, servers]) => ({ kind: 'group', id: `group ${name}`, name, servers }));
  }
}
