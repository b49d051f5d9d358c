/**
 * Compares an exception of ours with a recorded one. Python adds attributes that are Python's own and a traceback; of
 * those nothing is left open either: what is recorded has to be what Python says for this exception.
 */
import assert from 'node:assert/strict';
import type { BrineValue } from '../../../server/src/rpyc/core/pyTypes';
import { kindText } from '../typedJson';
import { asTuple, isTuple } from './message';

/** What our side tells of itself. */
const OWN_VERSION = { old: '5.3.1', new: '6.0.2' } as const;

export function compareExceptions(
  ours: BrineValue,
  recorded: BrineValue,
  session: { readonly rpyc: string; readonly envelope: keyof typeof OWN_VERSION },
): void {
  if (!isTuple(ours) || !isTuple(recorded)) {
    // StopIteration is the integer 1.
    assert.equal(kindText(ours), kindText(recorded));
    return;
  }
  const [ourClass, ourArgs, ourAttributes, ourTraceback, ...ourRest] = ours;
  const [recordedClass, recordedArgs, recordedAttributes, recordedTraceback, ...recordedRest] = recorded;
  assert.equal(kindText([ourClass, ourArgs]), kindText([recordedClass, recordedArgs]));
  assert.equal(kindText(ourAttributes), kindText([['_remote_version', OWN_VERSION[session.envelope]]]));
  assert.match(String(ourTraceback), /^Traceback \(most recent call last\):\n/);
  assert.deepEqual([ourRest, recordedRest], [[], []]);

  const name = String(asTuple(recordedClass)[1]);
  checkPythonAttributes(name, asTuple(recordedAttributes), session.rpyc);
  assert.equal(
    recordedTraceback,
    `(traceback shortened)\n${name}: ${pythonText(name, asTuple(recordedArgs))}\n`,
  );
}

/** Further attributes, each of them None, by the exception's class. */
const noneAttributes: ReadonlyMap<string, readonly string[]> = new Map([
  ['AttributeError', ['name', 'obj']],
  ['UnsupportedOperation', ['errno', 'filename', 'filename2', 'strerror']],
]);

function checkPythonAttributes(name: string, attributes: readonly BrineValue[], version: string): void {
  const [note, ...others] = attributes.map(asTuple);
  assert.equal(note?.[0], 'add_note');
  const address = /^<built-in method add_note of (\w+) object at 0x[0-9a-f]{12}>$/.exec(String(note[1]));
  assert.equal(address?.[1], name);
  const none = (noneAttributes.get(name) ?? []).map((attribute) => [attribute, null]);
  assert.equal(kindText(others), kindText([...none, ['_remote_version', version]]));
}

/** `str()` of an exception with these arguments. */
function pythonText(name: string, args: readonly BrineValue[]): string {
  const [only] = args;
  if (args.length !== 1) return pythonRepr(args);
  return name === 'KeyError' || typeof only !== 'string' ? pythonRepr(only) : only;
}

function pythonRepr(value: BrineValue): string {
  if (typeof value === 'string') return `'${value}'`;
  return isTuple(value) ? `(${value.map(pythonRepr).join(', ')})` : String(value);
}
