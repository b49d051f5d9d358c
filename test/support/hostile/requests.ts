/** Every handler with every form of target: what a hostile peer may ask, whatever it connects to. */
import { Handler } from '../../../server/src/rpyc/core/consts';
import type { BrineValue } from '../../../server/src/rpyc/core/pyTypes';
import { HOSTILE_NAMES, ODD_NAMES } from './names';

/** What the request is for: an object that was lent, one that never was, the peer's own, or a plain value. */
export type TargetForm = 'lent' | 'forged' | 'unboxed' | 'own' | 'value' | 'none';

export interface HostileRequest {
  readonly title: string;
  readonly handler: number;
  readonly form: TargetForm;
  readonly boxedArgs: BrineValue;
}

type Boxed = readonly [label: number, payload: BrineValue];

/** Arguments behind the target, several sets for each handler: first those that it is made for. */
const ARGUMENTS: ReadonlyMap<number, readonly (readonly Boxed[])[]> = new Map<number, (readonly Boxed[])[]>([
  [0, [[]]],
  [Handler.ping, [[]]],
  [Handler.getroot, [[]]],
  [Handler.getattr, names((name) => [[1, name]])],
  [Handler.delattr, names((name) => [[1, name]])],
  [Handler.setattr, names((name) => [[1, name], [1, 1]])], // prettier-ignore
  [Handler.call, [[[1, []], [1, []]], [[1, []]], [[2, [[4, ['m.K', 5, 6]]]], [1, [['__proto__', 1]]]]]], // prettier-ignore
  [Handler.callattr, names((name) => [[1, name], [1, []], [1, []]])], // prettier-ignore
  [Handler.repr, [[]]],
  [Handler.str, [[]]],
  [Handler.cmp, names((name) => [[1, 1], [1, name]])], // prettier-ignore
  [Handler.hash, [[]]],
  [Handler.dir, [[]]],
  [Handler.pickle, [[[1, 2]], [[1, 0]], [[1, -1]]]],
  [Handler.buffiter, [[[1, 10]], [[1, 2 ** 50]], [[1, -1]]]],
  [
    Handler.oldslicing,
    [...HOSTILE_NAMES].map(
      (name) =>
        [
          [1, name],
          [1, name],
          [1, 0],
          [1, 1],
          [1, []],
        ] as Boxed[],
    ),
  ],
  [Handler.ctxexit, [[[1, null]], [[1, 'error']]]],
  [Handler.instancecheck, [[[1, ['m.K', 1, 0]]]]],
  [21, [[]]],
  [255, [[]]],
]);

function names(make: (name: string) => readonly Boxed[]): (readonly Boxed[])[] {
  return [...HOSTILE_NAMES, ...ODD_NAMES].map(make);
}

/**
 * All requests that leave the connection open, and what is lent lent.
 *
 * @param key of an object that was lent
 */
export function hostileRequests(key: BrineValue): readonly HostileRequest[] {
  const forged = Array.isArray(key) ? [key[0] as BrineValue, 1, 2] : 1;
  const targets: readonly (readonly [TargetForm, readonly Boxed[]])[] = [
    ['lent', [[3, key]]],
    ['forged', [[3, forged]]],
    ['unboxed', [[1, key]]],
    ['own', [[4, ['m.K', 1, 2]]]],
    ['value', [[1, 'text']]],
    ['none', []],
  ];
  const requests: HostileRequest[] = [];
  for (const [handler, sets] of ARGUMENTS) {
    for (const [form, target] of targets) {
      sets.forEach((set, index) => {
        const title = `handler ${handler} on ${form}, arguments ${index}`;
        requests.push({ title, handler, form, boxedArgs: [2, [...target, ...set]] });
      });
    }
  }
  for (const [form, pack] of [
    ['lent', key],
    ['forged', forged],
  ] as const) {
    requests.push({ title: `INSPECT of ${form}`, handler: Handler.inspect, form, boxedArgs: [1, [pack]] });
  }
  return requests;
}

/** Frames as the public exploits of CVE-2019-16328 send them: CMP with an attribute's name for an operator. */
export function cmpExploits(
  key: BrineValue,
): readonly { readonly title: string; readonly boxedArgs: BrineValue }[] {
  const operators = [
    '__getattribute__',
    '__setattr__',
    '__delattr__',
    '__reduce_ex__',
    '__class__',
    '__init__',
    '__eq__\u0000',
    'constructor',
    'exposed_reset',
  ];
  const others: readonly Boxed[] = [
    [1, '__class__'],
    [1, 2],
    [3, key],
    [4, ['m.K', 1, 2]],
  ];
  return operators.flatMap((operator) =>
    others.map((other) => ({
      title: `CMP by ${JSON.stringify(operator)} with ${JSON.stringify(other)}`,
      boxedArgs: [2, [[3, key], other, [1, operator]]] as BrineValue,
    })),
  );
}
