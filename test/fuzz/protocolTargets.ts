/** Fuzzing the protocol: our side as the server of a hostile client, and as the client of a hostile server. */
import { FakeSlaveService } from '../../server/src/rpyc/utils/classicServices';
import { dir, getitem, hash, len, repr, str } from '../../server/src/rpyc/core/builtins';
import type { Config } from '../../server/src/rpyc/core/config';
import { Handler, MessageType } from '../../server/src/rpyc/core/consts';
import type { DialectName } from '../../server/src/rpyc/core/dialect';
import type { Netref } from '../../server/src/rpyc/core/netref';
import type { BrineValue } from '../../server/src/rpyc/core/pyTypes';
import type { Service } from '../../server/src/rpyc/core/service';
import { VoidService } from '../../server/src/rpyc/core/service';
import { CANARY_NAMES, CanaryService } from './canary';
import { HOSTILE_NAMES } from '../support/hostile/names';
import type { Corpus } from './corpus';
import { mutateBytes, mutateValue, oddValue, splice } from './mutations';
import type { Random } from './random';
import { FuzzSession } from './session';

export type SideName = 'server' | 'client';

/** What was fed to one connection, so that it can be fed again. */
export interface SessionInput {
  readonly side: SideName;
  readonly dialect: DialectName;
  /** Chooses configuration and service. */
  readonly variant: number;
  readonly payloads: readonly Uint8Array[];
}

const ERROR_NAMES = [
  'ValueError',
  'AttributeError',
  'StopIteration',
  'SyntaxError',
  '__proto__',
  'errno',
  'args',
  'stack',
] as const;

const CONFIGS: readonly Partial<Config>[] = [
  {},
  { allow_setattr: true, allow_delattr: true },
  { allow_getattr: false },
  { allow_pickle: true, allow_setattr: true },
];

export function openSession({ side, dialect, variant }: Omit<SessionInput, 'payloads'>): FuzzSession {
  const config = CONFIGS[variant % CONFIGS.length] ?? {};
  const isAuto = side === 'server' && variant % 3 === 0;
  return new FuzzSession({ dialect, isAuto, config, service: serviceOf(side, variant) });
}

function serviceOf(side: SideName, variant: number): Service {
  if (side === 'server' && variant % 8 < 6) return new CanaryService();
  return variant % 2 === 0 ? new VoidService() : new FakeSlaveService();
}

/** Starts what a program does with a connection, without waiting for any of it. */
export function useAsClient(session: FuzzSession): void {
  const { connection } = session;
  const root = connection.root as unknown as Netref;
  session.watch('root', connection.fetchRoot({ timeoutSeconds: null }));
  session.watch('ping', connection.request(Handler.ping, ['x'], { timeoutSeconds: null }));
  session.watch('repr', repr(root));
  session.watch('str', str(root));
  session.watch('dir', dir(root));
  session.watch('hash', hash(root));
  session.watch('len', len(root));
  session.watch('item', getitem(root, 0));
  session.watch('attribute', root['a']?.['b'] as PromiseLike<unknown>);
  session.watch('call', root['f']?.({}, () => 1) as PromiseLike<unknown>);
  session.watch('iteration', iterateOver(root));
}

async function iterateOver(root: Netref): Promise<void> {
  let left = 20;
  for await (const item of root) {
    if (item === undefined || --left === 0) break;
  }
}

/** One payload for `session`: sensible, nearly sensible or not at all. */
export function nextPayload(
  random: Random,
  corpus: Corpus,
  session: FuzzSession,
  side: SideName,
): Uint8Array {
  // What is no message ends the connection, and there is more to find on one that lives.
  const kind = random.below(100);
  if (kind === 0) return mutateBytes(random, random.pick(corpus.payloads));
  if (kind === 1) return splice(random, random.pick(corpus.payloads), random.pick(corpus.payloads));
  if (kind < 5) {
    const { type, seq, body } = random.pick(corpus.messages);
    const own = seqFor(random, session, type, seq);
    return encoded(random, session, type, own, mutateValue(random, body));
  }
  const isAnswer = side === 'client' ? !random.oneIn(4) : random.oneIn(8);
  if (!isAnswer) {
    const body = requestBody(random, session);
    const sent = random.oneIn(30) ? mutateValue(random, body) : body;
    return encoded(random, session, MessageType.request, seqFor(random, session, 1, 7), sent);
  }
  const type = random.oneIn(5) ? MessageType.exception : MessageType.reply;
  const body = type === MessageType.reply ? randomBoxed(random, session, 0) : exceptionBody(random);
  const sent = random.oneIn(30) ? mutateValue(random, body) : body;
  return encoded(random, session, type, seqFor(random, session, type, 3), sent);
}

function encoded(
  random: Random,
  session: FuzzSession,
  type: MessageType,
  seq: BrineValue,
  body: BrineValue,
): Uint8Array {
  let payload: Uint8Array;
  try {
    payload = session.encode(type, seq, body);
  } catch {
    // Nested too deep for ourselves: sent as a plain number.
    payload = session.encode(type, seq, 0);
  }
  return random.oneIn(50) ? mutateBytes(random, payload) : payload;
}

function seqFor(random: Random, session: FuzzSession, type: number, usual: BrineValue): BrineValue {
  if (random.oneIn(15)) return oddValue(random);
  if (type === MessageType.request || session.openSeqs.length === 0) return usual;
  // The oldest first, as a server answers; now and then one that was answered.
  return random.oneIn(6) ? random.pick(session.openSeqs) : session.openSeqs.shift();
}

/** What stands behind the target in the arguments of each handler, in a few letters. */
const SHAPES: readonly (readonly [handler: number, shape: string, weight: number])[] = [
  [Handler.ping, '', 2],
  [Handler.getroot, '-', 2],
  [Handler.getattr, 'n', 10],
  [Handler.delattr, 'n', 4],
  [Handler.setattr, 'nv', 6],
  [Handler.call, 'ak', 8],
  [Handler.callattr, 'nak', 30],
  [Handler.repr, '', 2],
  [Handler.str, '', 2],
  [Handler.cmp, 'vn', 4],
  [Handler.hash, '', 2],
  [Handler.dir, '', 2],
  [Handler.pickle, 'v', 2],
  [Handler.del, 'c', 1],
  [Handler.inspect, '', 3],
  [Handler.buffiter, 'c', 4],
  [Handler.oldslicing, 'nnvva', 3],
  [Handler.ctxexit, 'v', 3],
  [Handler.instancecheck, 'v', 2],
  [0, 'v', 1],
  [21, 'v', 1],
];
const WEIGHTED = SHAPES.flatMap(([handler, shape, weight]) =>
  Array.from({ length: weight }, () => [handler, shape] as const),
);

/** Handler and arguments that belong together, or nearly. */
function requestBody(random: Random, session: FuzzSession): BrineValue {
  // CLOSE ends the session: not each time.
  if (random.oneIn(200)) return [Handler.close, [1, []]];
  const [handler, shape] = random.pick(WEIGHTED);
  if (handler === Handler.inspect && session.keys.length > 0) {
    const key = random.pick(session.keys);
    return [handler, [1, [random.oneIn(8) ? mutateValue(random, key) : key]]];
  }
  const items: BrineValue[] = shape === '-' ? [] : [randomTarget(random, session)];
  for (const letter of shape) if (letter !== '-') items.push(argument(random, session, letter));
  if (random.oneIn(30)) items.shift();
  if (random.oneIn(30)) items.push(randomBoxed(random, session, 1));
  return [random.oneIn(100) ? oddValue(random) : handler, [2, items]];
}

function argument(random: Random, session: FuzzSession, letter: string): BrineValue {
  switch (letter) {
    case 'n':
      return [1, random.oneIn(4) ? oddValue(random) : random.pick(CANARY_NAMES)];
    case 'a':
      return random.oneIn(2) ? [1, []] : [2, [randomBoxed(random, session, 1)]];
    case 'k':
      return random.oneIn(2) ? [1, []] : [1, [[random.pick(CANARY_NAMES), oddValue(random)]]];
    case 'c':
      return [1, random.oneIn(5) ? oddValue(random) : 1 + random.below(20)];
    default:
      return randomBoxed(random, session, 1);
  }
}

function randomTarget(random: Random, session: FuzzSession): BrineValue {
  if (session.keys.length === 0 || random.oneIn(15)) return randomBoxed(random, session, 1);
  const picked = random.pick(session.keys);
  const key = random.oneIn(30) ? mutateValue(random, picked) : picked;
  return [session.dialect.targetByValue && !random.oneIn(30) ? 1 : 3, key];
}

function randomBoxed(random: Random, session: FuzzSession, depth: number): BrineValue {
  switch (random.below(6)) {
    case 0:
      if (session.keys.length === 0 && !random.oneIn(10)) return [1, 'no key'];
      return [3, session.keys.length > 0 ? random.pick(session.keys) : ['m.K', 1, 2]];
    case 1:
    case 2:
      return [4, remotePack(random, session)];
    case 3: {
      if (depth > 3) return [1, null];
      const items = Array.from({ length: random.below(4) }, () => randomBoxed(random, session, depth + 1));
      return [2, items];
    }
    default:
      return [1, oddValue(random)];
  }
}

function remotePack(random: Random, session: FuzzSession): BrineValue {
  const [name, id] = [random.oneIn(40) ? oddValue(random) : 'm.K', random.below(40)];
  const isNumber = session.dialect.name === 'A' || session.dialect.name === 'B';
  return isNumber !== random.oneIn(60) ? [id, name, 'm'] : [name, random.below(3), id];
}

function exceptionBody(random: Random): BrineValue {
  if (random.oneIn(6)) return random.pick<BrineValue>([1, 'a string']);
  if (random.oneIn(30)) return random.pick<BrineValue>([0, [], [1, 2, 3, 4]]);
  return [
    [random.pick<BrineValue>(['builtins', 'm', '', random.pick(HOSTILE_NAMES)]), random.pick(ERROR_NAMES)],
    [oddValue(random), oddValue(random)],
    [
      [random.oneIn(30) ? oddValue(random) : random.pick(ERROR_NAMES), oddValue(random)],
      ['_remote_version', oddValue(random)],
    ],
    random.oneIn(3)
      ? oddValue(random)
      : 'Traceback (most recent call last):\n  File "x", line 1, in y\nE: 1\n',
  ];
}
