/**
 * How to redirect standard input and output.
 *
 * | Lines of the how-tos | Here             |
 * | -------------------- | ---------------- |
 * | 1035–1050            | `replacedStdout` |
 * | 1054–1063            | `redirected`     |
 */
import type { Writable } from 'node:stream';

import * as rpyc from '../../server/src/rpyc/index';

export async function replacedStdout(c: rpyc.ClassicConnection, stdout: Writable): Promise<void> {
  await c.execute("print('hi there')"); // this will print on the host

  // What the server may use of our stream is said explicitly.
  await rpyc.setattr(c.modules.sys, 'stdout', rpyc.restricted(stdout, ['write']));
  await c.execute("print('hi here')"); // now this will be redirected here

  await rpyc.setattr(c.modules.sys, 'stdout', c.modules.sys.__stdout__);
}

/** Without `stdout`, the server prints to this process's own. */
export async function redirected(c: rpyc.ClassicConnection, stdout?: Writable): Promise<void> {
  await c.execute("print('hi there')"); // printed on the server
  {
    await using redirection = await rpyc.classic.redirectedStdio(c, { stdin: null, stdout });
    await c.execute("print('hi here')"); // printed on the client
    await redirection.restore(); // also done by the end of the block
  }
  await c.execute("print('hi there again')"); // printed on the server
}
