/**
 * How to debug an exception of the server.
 *
 * | Lines of the how-tos | Here        |
 * | -------------------- | ----------- |
 * | 1074–1129            | `debugging` |
 */
import * as rpyc from '../../server/src/rpyc/index';
import type { Print } from './print';

/** Python's debugger runs on the server and talks to this process's terminal, or to the streams of `io`. */
export async function debugging(
  c: rpyc.ClassicConnection,
  print: Print,
  io?: rpyc.classic.StandardStreams,
): Promise<void> {
  try {
    await c.modules['xml.dom.minidom'].parseString('<<invalid xml>/>');
  } catch (error) {
    if (!(error instanceof rpyc.RemoteError)) throw error;
    print(error.message);
  }
  await rpyc.classic.pm(c, io); // start post-mortem pdb
}
