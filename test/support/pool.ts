/** A connection pool for a test, with what it has told so far; closing it is the test's to do. */
import path from 'node:path';

import type { ConnectionState, Profile } from '../../server/src/api/model';
import { ConnectionPool, type ConnectionPoolOptions } from '../../server/src/features/pool/connectionPool';
import type { PoolTimings } from '../../server/src/features/pool/timings';
import { WireLedger } from '../../server/src/features/pool/wireLedger';
import { WireLog } from '../../server/src/features/pool/wireLog';
import { silentLogger } from '../../server/src/rpyc/index';
import { eventually } from './poll';

const PYTHON_DIR = path.resolve(__dirname, '../../../server/python');

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function profileTo({ host, port }: Address, more: Partial<Profile> = {}): Profile {
  return {
    id: 'p',
    version: 1,
    label: 'Lab',
    transport: { kind: 'tcp', host, port },
    service: 'auto',
    ...more,
  };
}

export class TestPool implements AsyncDisposable {
  /** Every state that was told, oldest first. */
  readonly states: ConnectionState[] = [];
  readonly wireLog = new WireLog(silentLogger);
  readonly ledger = new WireLedger();
  readonly pool: ConnectionPool;

  constructor(
    profiles: readonly Profile[],
    timings: Partial<PoolTimings> = {},
    rootFor?: ConnectionPoolOptions['rootFor'],
  ) {
    this.pool = new ConnectionPool({
      logger: silentLogger,
      pythonDir: PYTHON_DIR,
      dialectMemory: new Map(),
      wireLog: this.wireLog,
      ledger: this.ledger,
      timings,
      ...(rootFor === undefined ? {} : { rootFor }),
    });
    this.pool.onDidChangeState((state) => this.states.push(state));
    this.pool.setProfiles(profiles);
  }

  /** The first state of this kind from the `from`-th on, once it has been told. */
  async state(
    wanted: Partial<ConnectionState>,
    options: { readonly from?: number; readonly timeoutMs?: number } = {},
  ): Promise<ConnectionState> {
    const matches = (state: ConnectionState): boolean =>
      Object.entries(wanted).every(([key, value]) => state[key as keyof ConnectionState] === value);
    return eventually(
      `a state with ${JSON.stringify(wanted)}`,
      () => this.states.slice(options.from ?? 0).find(matches),
      { timeoutMs: options.timeoutMs ?? 10_000 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.close();
  }
}
