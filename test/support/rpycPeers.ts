/** What the interop tests of the library share: one suite for every version, and looks into a peer's tables. */
import { classic, type ClassicConnection, type ConnectOptions } from '../../server/src/rpyc/index';
import { eventually } from './poll';
import {
  OLDER_RPYC_VERSIONS,
  type PythonPeer,
  RPYC_VERSIONS,
  type RpycVersion,
  startClassic,
} from './pythonPeer';
import { asText } from './versions';

/** The versions that every run has, and those that `RPYC_PEERS` brings. */
export const SPOKEN_VERSIONS: readonly RpycVersion[] = [...RPYC_VERSIONS, ...OLDER_RPYC_VERSIONS];

/** Runs the same suite against every version. */
export function forEachVersion(title: string, suite: (version: RpycVersion) => void): void {
  for (const version of SPOKEN_VERSIONS) {
    describe(`${title}, rpyc ${version}`, () => suite(version));
  }
}

/** A classic server and one connection to it, for all tests of a suite. */
export class ClassicFixture {
  private runningPeer: PythonPeer | undefined;
  private openConnection: ClassicConnection | undefined;

  constructor(
    private readonly version: RpycVersion,
    private readonly options: ConnectOptions = {},
  ) {
    before(async () => {
      this.runningPeer = await startClassic(this.version);
    });
    beforeEach(async () => {
      this.openConnection = await this.connect(this.options);
    });
    afterEach(async () => {
      await this.openConnection?.close();
    });
    after(async () => {
      await this.runningPeer?.[Symbol.asyncDispose]();
    });
  }

  get peer(): PythonPeer {
    if (this.runningPeer === undefined) throw new Error('The peer runs during tests only');
    return this.runningPeer;
  }

  get connection(): ClassicConnection {
    if (this.openConnection === undefined) throw new Error('The connection is open during tests only');
    return this.openConnection;
  }

  async connect(options: ConnectOptions = {}): Promise<ClassicConnection> {
    return await classic.connect(this.peer.host, this.peer.port, options);
  }
}

/** References to the peer's objects that the peer counts for this connection, by class: `{ list: 2 }`. */
export async function lentByPeer(connection: ClassicConnection): Promise<Readonly<Record<string, number>>> {
  const pairs = await connection.eval<readonly (readonly [string, number])[]>(LENT);
  return Object.fromEntries(asText(pairs) as typeof pairs);
}

/** The connection's own table, found through the frames that serve this very request. */
const LENT = `(lambda frames, Counter: tuple(sorted(Counter(
    type(slot[0]).__name__ for slot in next(
        f.f_locals['self'] for f in frames if hasattr(f.f_locals.get('self'), '_local_objects')
    )._local_objects._dict.values()).items()))
)(
    (lambda walk: walk(walk, __import__('sys')._getframe()))(
        lambda walk, frame: [] if frame is None else [frame] + walk(walk, frame.f_back)),
    __import__('collections').Counter)`;

/** Waits until the peer counts as many references as `expected` says. */
export async function lentSettlesAt(
  connection: ClassicConnection,
  expected: Readonly<Record<string, number>>,
): Promise<void> {
  const wanted = JSON.stringify(expected);
  let last = '';
  await eventually(`the peer lends ${wanted}`, async () => {
    last = JSON.stringify(await lentByPeer(connection));
    if (last !== wanted) throw new Error(`It lends ${last}`);
    return true;
  });
}
