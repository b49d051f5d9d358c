/**
 * Compares an exception of ours with a recorded one. Python adds attributes that are Python's own and a traceback; of
 * those nothing is left open either: what is recorded has to be what Python says for this exception.
 */
import assert from 'node:assert/strict';
import type { BrineValue } from '../../../server/src/rpyc/core/pyTypes';
import { kindText } from '../typedJson';
import { asText } from '../versions';
import { asPython2, asTuple, isTuple } from './message';
import { isPython2, type Recording } from './recording';

/** What our side tells of itself; 4.0 and before know no version. */
const OWN_VERSION = { A: undefined, B: undefined, C: '5.3.1', D: '6.0.2' } as const;

export function compareExceptions(ours: BrineValue, recorded: BrineValue, recording: Recording): void {
  if (!isTuple(ours) || !isTuple(recorded)) {
    // StopIteration is the integer 1.
    assert.equal(kindText(ours), kindText(recorded));
    return;
  }
  const [ourClass, ourArgs, ourAttributes, ourTraceback, ...ourRest] = ours;
  const [recordedClass, recordedArgs, recordedAttributes, recordedTraceback, ...recordedRest] = recorded;
  const ourKind = [ourClass, ourArgs];
  const asSent = isPython2(recording) ? asPython2(ourKind) : ourKind;
  assert.equal(kindText(asSent), kindText([recordedClass, asRefused(recordedArgs, recording)]));
  const version = OWN_VERSION[recording.dialect];
  const told = version === undefined ? [] : [['_remote_version', version]];
  assert.equal(kindText(ourAttributes), kindText(told));
  assert.match(String(ourTraceback), /^Traceback \(most recent call last\):\n/);
  assert.deepEqual([ourRest, recordedRest], [[], []]);

  const name = String(asText(asTuple(recordedClass)[1]));
  checkPythonAttributes(name, asTuple(recordedAttributes), asTuple(recordedArgs), recording);
  const text = pythonText(name, asTuple(asText(recordedArgs) as BrineValue));
  const expected = `(traceback shortened)\n${name}: ${text}\n`;
  assert.equal(kindText(recordedTraceback), kindText(isPython2(recording) ? asPython2(expected) : expected));
}

/** A service of 3.3 looks for the name with the prefix only; ours refuses as all later ones do. */
function asRefused(args: BrineValue, { rpyc }: Recording): BrineValue {
  const [text] = asTuple(args);
  const missing =
    rpyc === '3.3' ? /^'\w+' object has no attribute 'exposed_(\w+)'$/.exec(String(text)) : null;
  return missing === null ? args : [`cannot access '${missing[1]}'`];
}

/** Further attributes, each of them None, by the exception's class. */
const noneAttributes: ReadonlyMap<string, readonly string[]> = new Map([
  ['AttributeError', ['name', 'obj']],
  ['UnsupportedOperation', ['errno', 'filename', 'filename2', 'strerror']],
]);

function checkPythonAttributes(
  name: string,
  attributes: readonly BrineValue[],
  args: readonly BrineValue[],
  recording: Recording,
): void {
  const version = OWN_VERSION[recording.dialect] === undefined ? [] : [['_remote_version', recording.rpyc]];
  if (isPython2(recording)) {
    const message = args.length === 1 ? args[0] : '';
    assert.equal(kindText(attributes), kindText([asPython2(['message', message ?? ''])]));
    return;
  }
  // Python 3.6 has none of these attributes yet.
  if (recording.python.startsWith('3.6.')) {
    assert.equal(kindText(attributes), kindText(version));
    return;
  }
  const [note, ...others] = attributes.map(asTuple);
  assert.equal(note?.[0], 'add_note');
  const address = /^<built-in method add_note of (\w+) object at 0x[0-9a-f]{12}>$/.exec(String(note[1]));
  assert.equal(address?.[1], name);
  const none = (noneAttributes.get(name) ?? []).map((attribute) => [attribute, null]);
  assert.equal(kindText(others), kindText([...none, ...version]));
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
