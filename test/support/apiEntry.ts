/**
 * One test for each entry of RPyC's API reference, against real peers of every version that each run has. With
 * `RPYC_DISABLE_ENTRIES` set, each test runs twice against one version: as it is, and while what its entry names does
 * nothing, which it has to notice.
 */
import assert from 'node:assert/strict';

import { classic, type ClassicConnection, type ConnectOptions } from '../../server/src/rpyc/index';
import { ENTRIES } from '../interop/api/entries';
import { disable, DISABLED_ENTRY } from './disabledExport';
import { type PythonPeer, RPYC_VERSIONS, type RpycVersion, startClassic } from './pythonPeer';

/** A test that takes so many times as long as it did with its subject waits for what will not come. */
const PATIENCE = 5;
const LEAST_PATIENCE_SECONDS = 0.5;

const IS_DISABLING = process.env['RPYC_DISABLE_ENTRIES'] !== undefined;

/** What an entry is proved against: a version, and a classic server of it that all entries of a module share. */
export interface ApiPeer {
  readonly version: RpycVersion;
  readonly host: string;
  readonly port: number;
  /** A connection of the test's own, closed after it. */
  connect(options?: ConnectOptions): Promise<ClassicConnection>;
}

export type EntryTest = (peer: ApiPeer) => Promise<void>;

/** Declares the test of an entry, by its name within the module. */
export type DeclareEntry = (name: string, test: EntryTest) => void;

/** The tests of one module of the reference, such as `rpyc.core.brine`. */
export function describeApi(
  module: string,
  declare: (entry: DeclareEntry, version: RpycVersion) => void,
): void {
  for (const version of IS_DISABLING ? RPYC_VERSIONS.slice(0, 1) : RPYC_VERSIONS) {
    describe(`${module} against rpyc ${version}`, () => {
      let peer: PythonPeer;
      const opened: ClassicConnection[] = [];
      before(async () => {
        if (IS_DISABLING) ignoreStrayFailures();
        peer = await startClassic(version);
      });
      afterEach(async () => {
        const left = opened.splice(0);
        // What was made while something was taken away cannot be trusted to end by itself.
        if (IS_DISABLING) left.forEach((connection) => connection.dispose());
        else await Promise.all(left.map((connection) => connection.close()));
      });
      after(async () => {
        await peer[Symbol.asyncDispose]();
      });
      const apiPeer = (): ApiPeer => ({
        version,
        host: peer.host,
        port: peer.port,
        connect: async (options) => {
          const connection = await classic.connect(peer.host, peer.port, options);
          opened.push(connection);
          return connection;
        },
      });
      declare((name, test) => declareEntry(`${module}.${name}`, () => test(apiPeer())), version);
    });
  }
}

function declareEntry(python: string, test: () => Promise<void>): void {
  const typescript = ENTRIES.get(python);
  if (typescript === undefined) throw new Error(`${python} is not among the entries`);
  if (!IS_DISABLING) {
    it(python, test);
    return;
  }
  it(`${python} is missed when it does nothing`, async () => {
    const start = performance.now();
    await test();
    const patience = Math.max(LEAST_PATIENCE_SECONDS, (PATIENCE * (performance.now() - start)) / 1000);
    const restore = disable(typescript);
    process.env[DISABLED_ENTRY] = typescript;
    try {
      const message = `${typescript} survives: its test passes without it`;
      await assert.rejects(limited(test(), patience), () => true, message);
    } finally {
      restore();
      Reflect.deleteProperty(process.env, DISABLED_ENTRY);
    }
  });
}

/** What a test leaves behind that ended early may fail later, at nobody's charge. */
function ignoreStrayFailures(): void {
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    process.removeAllListeners(event);
    process.on(event, () => undefined);
  }
}

/** A test that waits for ever has noticed, too. */
async function limited(running: Promise<void>, seconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('It waits')), seconds * 1000);
  });
  try {
    await Promise.race([running, end]);
  } finally {
    clearTimeout(timer);
  }
}
