/*
 * The dialects of RPyC: A is 3.3 to 3.4, B is 4.0, C is 4.1 to 5.3, D is 6.0. Upstream has no such file, each version
 * only knows itself; the facts are those of rpyc/core/protocol.py over the versions.
 */

import { type Envelope, type EnvelopeCodec, newEnvelope, oldEnvelope } from './envelope';
import { eitherReferences, idPackReferences, oidReferences, type ReferenceCodec } from './references';

/** The versions of the protocol: A of rpyc 3.3 and 3.4, B of 4.0, C of 4.1 to 5.3, D of 6.0. */
export type DialectName = 'A' | 'B' | 'C' | 'D';

export interface Dialect extends EnvelopeCodec, ReferenceCodec {
  readonly name: DialectName;
  readonly envelope: Envelope;
  /** The versions that speak it, for people. */
  readonly versions: string;
  /** Only the envelope is known: the name is a guess. */
  readonly isGuess: boolean;
  /** A handler's target object is passed as its plain number and not as a boxed reference. */
  readonly targetByValue: boolean;
  /** DEL says how many references are given back, and the owner counts as many. In A each DEL is one. */
  readonly releaseTakesCount: boolean;
  /** CTXEXIT is there: from 4.0 on. */
  readonly hasContextExit: boolean;
  /** CMP takes an operator, and INSTANCECHECK is there: from 4.1 on. */
  readonly hasOperators: boolean;
  /** The version that exceptions of ours tell; other majors make Python print warnings, and 4.0 knows no version. */
  readonly toldVersion: string | undefined;
}

const upTo40 = { envelope: 'old', isGuess: false, hasOperators: false, toldVersion: undefined } as const;
const from41 = {
  isGuess: false,
  targetByValue: false,
  releaseTakesCount: true,
  hasContextExit: true,
  hasOperators: true,
} as const;

const dialects: Readonly<Record<DialectName, Dialect>> = {
  A: {
    name: 'A',
    versions: '3.x',
    ...upTo40,
    targetByValue: true,
    releaseTakesCount: false,
    hasContextExit: false,
    ...oldEnvelope,
    ...oidReferences,
  },
  B: {
    name: 'B',
    versions: '4.0',
    ...upTo40,
    targetByValue: false,
    releaseTakesCount: true,
    hasContextExit: true,
    ...oldEnvelope,
    ...oidReferences,
  },
  C: {
    name: 'C',
    versions: '4.1 to 5.3',
    envelope: 'old',
    toldVersion: '5.3.1',
    ...from41,
    ...oldEnvelope,
    ...idPackReferences,
  },
  D: {
    name: 'D',
    versions: '6.0',
    envelope: 'new',
    toldVersion: '6.0.2',
    ...from41,
    ...newEnvelope,
    ...idPackReferences,
  },
};

/** A, B or C: the peer has shown no more than its envelope. */
const oldGuess: Dialect = { ...dialects.C, isGuess: true, ...eitherReferences };
/** A or B. */
const oidGuess: Dialect = { ...dialects.B, isGuess: true };

export function dialectOf(name: DialectName): Dialect {
  return dialects[name];
}

/** What to assume of a peer of which only the envelope is known. */
export function guessFor(envelope: Envelope): Dialect {
  return envelope === 'old' ? oldGuess : dialects.D;
}

/** What to assume of a peer that refers to objects by number, or by an id pack, when `known` was assumed before. */
export function refineByReference(known: Dialect, isOid: boolean): Dialect {
  if (!known.isGuess || (isOid && known === oidGuess)) return known;
  return isOid ? oidGuess : dialects.C;
}
