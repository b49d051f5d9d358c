/**
 * Tutorial, part 4: callbacks and symmetry.
 *
 * | Lines of the tutorial | Here                  |
 * | --------------------- | --------------------- |
 * | 608–614               | `localCallback`       |
 * | 618–631               | `remoteMap`           |
 * | 633–651               | `callbackThatPrints`  |
 */
import * as rpyc from '../../server/src/rpyc/index';
import type { Print } from './print';

export function localCallback(print: Print): void {
  const f = (x: number): number => x ** 2;
  print([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(f)); // f is passed as an argument to map
}

export async function remoteMap(conn: rpyc.ClassicConnection, print: Print): Promise<void> {
  const { list, map, range } = conn.builtins;
  const rlist = await list<rpyc.Netref>(range(10)); // this is a remote list
  print(await rpyc.repr(rlist));

  const f = (x: number): number => x ** 3;
  // calling the remote map with the local function f as an argument
  print(await rpyc.repr(list(map(f, rlist))));
}

export async function callbackThatPrints(conn: rpyc.ClassicConnection, print: Print): Promise<void> {
  const { list, map, range } = conn.builtins;
  const g = (x: number): number => {
    print('hi, this is g, executing locally', x);
    return x ** 3;
  };
  print(await rpyc.repr(list(map(g, list(range(10))))));

  // Going through the results from here gives them one by one.
  for await (const cube of map(g, [2, 3])) print(cube);
}
