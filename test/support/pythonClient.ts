/** Real Python clients of our servers. */
import assert from 'node:assert/strict';

import { runPython, type RpycVersion } from './pythonPeer';

/**
 * Runs a client and gives what it left in `result`, by way of JSON; what goes wrong in Python fails the test with its
 * traceback.
 *
 * @param target where the server is: `port` is a number and `target` the text; also a path or arguments of the test's own
 * @param code a program that has `json`, `sys`, `rpyc`, `buffiter`, `port`, and `refused(f, *args)`, which tells the class
 *   and the first line of the error that `f` raises
 */
export async function runClient(
  version: RpycVersion,
  target: number | string,
  code: string,
): Promise<unknown> {
  const program = `
import json, sys, rpyc
from rpyc.utils.helpers import buffiter
target = sys.argv[1]
port = int(target) if target.isdigit() else None
def refused(f, *args):
    try:
        return ('allowed', repr(f(*args)))
    except Exception as e:
        return (type(e).__name__.split('.')[-1], str(e).split('\\n')[0].replace("u'", "'"))
${code}
print(json.dumps(result))
`;
  const { stdout, stderr, code: exit } = await runPython(version, program, [String(target)]);
  assert.equal(exit, 0, stderr);
  return JSON.parse(stdout) as unknown;
}
