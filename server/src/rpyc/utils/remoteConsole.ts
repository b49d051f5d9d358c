/*
 * Python's own console and debugger on the peer, with our streams: `interact` and `pm` of rpyc/utils/classic.py. Differs
 * on purpose: they may last for hours, and `conn` in the console is the peer's own end of the connection, since our side
 * offers nothing.
 */

import { callattr, isNetref } from '../core/builtins';
import type { Netref } from '../core/netref';
import { isPath, type Path, withTarget } from '../core/path';
import type { Connection } from '../core/protocol';
import type { RequestOptions } from '../core/reference';
import { peerCode } from './peerCode';
import { redirectedStdio, type StandardStreams } from './redirectedStdio';

const CONSOLE = `
def own(root):
    return (getattr(root, 'getconn', None) or root.exposed_getconn)()

class Console(object):
    def interact(self, root, space, names):
        import code
        space = {} if space is None else dict(space)
        space.update(names)
        space['conn'] = own(root)
        try:
            code.interact(local=space)
        except SystemExit:
            pass

    def trace(self, root):
        return getattr(own(root), '_last_traceback', None)

    def pm(self, trace):
        import pdb
        pdb.post_mortem(trace)

main = Console()
`;

/** How a console is used. */
export interface ConsoleOptions extends StandardStreams {
  /** Ends it: it reads the end of its input. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs Python's interactive console on the peer, until its input ends or `exit()`. Upstream: `rpyc.classic.interact`.
 *
 * @param namespace the console's names: a plain object or `Map`, whose values go by value or by reference, or a remote
 *   dictionary, of which the console gets a copy
 * @param io this process's streams unless told
 */
export async function interact(
  conn: Connection,
  namespace: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown> | Netref | Path = {},
  io: ConsoleOptions = {},
): Promise<void> {
  const isRemote = isNetref(namespace) || isPath(namespace);
  const space = isRemote ? await namespace : null;
  const names =
    namespace instanceof Map ? [...(namespace as Map<string, unknown>)] : Object.entries(namespace);
  await withConsole(conn, io, async (console, root, options) => {
    await callattr(console, 'interact', [root, space, isRemote ? [] : names], undefined, options);
  });
}

/**
 * Runs Python's post-mortem debugger on the exception that the peer raised last for this connection.
 * Upstream: `rpyc.classic.pm`.
 *
 * @param io this process's streams unless told
 * @returns false where there was no exception
 */
export async function pm(conn: Connection, io: ConsoleOptions = {}): Promise<boolean> {
  let isThere = false;
  await withConsole(conn, io, async (console, root, options) => {
    const trace = await callattr(console, 'trace', [root], undefined, options);
    isThere = trace !== null;
    if (isThere) await callattr(console, 'pm', [trace], undefined, options);
  });
  return isThere;
}

async function withConsole(
  conn: Connection,
  io: ConsoleOptions,
  use: (console: Netref, root: unknown, options: RequestOptions) => Promise<void>,
): Promise<void> {
  const { signal } = io;
  const options: RequestOptions = { timeoutSeconds: null, ...(signal && { signal }) };
  await withTarget(conn.root, async (host, root) => {
    const console = await peerCode(host, CONSOLE);
    await redirectedStdio(conn, io, () => use(console, root, options));
  });
}
