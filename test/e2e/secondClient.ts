/** A second client, in Python: it tells what is true on the peer, and changes it behind the editor's back. */
import assert from 'node:assert/strict';
import path from 'node:path';

import { type PythonPeer, pythonEnv, type RpycVersion, runPython, startClassic } from '../support/pythonPeer';
import { REPOSITORY } from '../support/tools';

const MODULES = path.join(REPOSITORY, 'test/e2e/peer');

/**
 * Starts `rpyc_classic` in a Python that has loaded the module `journey`.
 *
 * @param options `ticks` is what the module begins with
 */
export function startJourneyPeer(
  version: RpycVersion,
  options: { readonly port?: number; readonly ticks?: number } = {},
): Promise<PythonPeer> {
  const { port = 0, ticks = 0 } = options;
  const searchPath = [MODULES, pythonEnv(version).env['PYTHONPATH']].filter(Boolean).join(path.delimiter);
  return startClassic(version, { port, env: { PYTHONPATH: searchPath, JOURNEY_TICKS: String(ticks) } });
}

const CLIENT = `
import json, sys, rpyc
host, port, statements, expression = sys.argv[1:]
conn = rpyc.classic.connect(host, int(port))
conn.execute("import json, sys\\n" + statements)
print(conn.eval("json.dumps(" + expression + ")"))
`;

/**
 * Runs statements on the peer and evaluates an expression there, on a connection of its own.
 *
 * @param expression gives something that JSON can say
 */
export async function onPeer<T>(
  version: RpycVersion,
  peer: { readonly host: string; readonly port: number },
  statements: string,
  expression: string,
): Promise<T> {
  const args = [peer.host, String(peer.port), statements, expression];
  const { stdout, stderr, code } = await runPython(version, CLIENT, args);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as T;
}
