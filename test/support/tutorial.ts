/** What the tests of the tutorial share: what an example prints, and what its Python original prints in the same place. */
import assert from 'node:assert/strict';

import { RPYC_VERSIONS, runPython, type RpycVersion } from './pythonPeer';

/** One print: its values. */
export type Printed = readonly unknown[];

/** The prints of Python's functions, by the function's name. */
export type Originals = Readonly<Record<string, readonly Printed[]>>;

/** Runs the same suite against each version that every machine has. */
export function forEachPeer(title: string, suite: (version: RpycVersion) => void): void {
  for (const version of RPYC_VERSIONS) {
    describe(`${title}, rpyc ${version}`, () => suite(version));
  }
}

/** What an example prints, in order. */
export async function printedBy(
  example: (print: (...values: readonly unknown[]) => void) => unknown,
): Promise<readonly Printed[]> {
  const printed: Printed[] = [];
  await example((...values) => void printed.push(values));
  return printed;
}

/**
 * Runs Python and gives what each of its functions prints with `show`; what has no place in JSON is shown by its text.
 *
 * @param code top-level statements and functions; those whose name has no underscore in front are called in their order
 * @param args `sys.argv[1:]`; `host` is this machine and `port` the first argument
 */
export async function printedByPython(
  version: RpycVersion,
  code: string,
  args: readonly (string | number)[],
): Promise<Originals> {
  const { stdout, stderr, code: exit } = await runPython(version, HARNESS, [code, ...args.map(String)]);
  assert.equal(exit, 0, stderr);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Originals;
}

const HARNESS = `
import json, sys, types
import rpyc
code = sys.argv.pop(1)
printed = []

def plain(value):
    if type(value) in (tuple, list):
        return [plain(item) for item in value]
    return value if value is None or type(value) in (bool, int, float, str) else str(value)

def show(*values):
    printed.append([plain(value) for value in values])

names = {'__name__': 'original', 'rpyc': rpyc, 'sys': sys, 'show': show, 'host': '127.0.0.1', 'port': int(sys.argv[1])}
exec(compile(code, '<original>', 'exec'), names)
result = {}
for name, value in list(names.items()):
    if isinstance(value, types.FunctionType) and value.__module__ == 'original' and name[0] != '_':
        printed = []
        value()
        result[name] = printed
print(json.dumps(result))
`;
