/** Known holes of releases of rpyc, told to whoever connects to a server that runs one. */
import type { PeerInfo } from '../api/model';

interface Advisory {
  /** The first release that has the hole, and the first that has it no more. */
  readonly from: string;
  readonly fixedIn: string;
  readonly id: string;
  /** What the hole lets others do. */
  readonly what: string;
}

const ADVISORIES: readonly Advisory[] = [
  {
    from: '4.1.0',
    fixedIn: '4.1.2',
    id: 'CVE-2019-16328',
    what: 'whoever connects can run code there, whatever the service exposes',
  },
  {
    from: '4.0.0',
    fixedIn: '6.0.0',
    id: 'CVE-2024-27758',
    what: 'whoever connects can run code there when it makes numpy arrays of what clients give it',
  },
];

/** The releases that speak a dialect, for a server that does not tell its own: the first, the last, and their names. */
const DIALECT_RELEASES: Readonly<Record<PeerInfo['dialect'], readonly [string, string, string]>> = {
  A: ['3.3', '3.4.4', '3.3 to 3.4'],
  B: ['4.0.0', '4.0.2', '4.0'],
  C: ['4.1.0', '5.3.1', '4.1 to 5.3'],
  D: ['6.0.0', '6.0.2', '6.0'],
};

/**
 * The holes that a server certainly has, a sentence each.
 *
 * @param release of rpyc, where the server tells it
 */
export function advisoriesFor(dialect: PeerInfo['dialect'], release: string | undefined): readonly string[] {
  // What is no release number is some text of the peer's.
  const known = release !== undefined && /^\d+(?:\.\d+){1,3}$/.test(release) ? release : undefined;
  const [first, last, name] = known === undefined ? DIALECT_RELEASES[dialect] : [known, known, known];
  return ADVISORIES.filter(({ from, fixedIn }) => isFrom(first, from) && !isFrom(last, fixedIn)).map(
    ({ id, what, fixedIn }) =>
      `This server runs rpyc ${name}, which has ${id}: ${what}. Update it to ${fixedIn} or later.`,
  );
}

/** Whether a release is this one, or a later one. */
export function isFrom(release: string, first: string): boolean {
  const [numbers, wanted] = [release, first].map((text) => text.split('.').map((part) => parseInt(part, 10)));
  for (const [at, least] of (wanted ?? []).entries()) {
    const number = numbers?.[at] ?? 0;
    if (number !== least) {
      return number > least;
    }
  }
  return true;
}
