/** What the versions of RPyC differ in, for tests of several of them. A version is named as in `pythonPeer.ts`. */
import type { DialectName } from '../../server/src/rpyc/core/dialect';

/** The dialect of a version. */
export function dialectOfVersion(version: string): DialectName {
  if (version.startsWith('3.')) return 'A';
  if (version.startsWith('4.0')) return 'B';
  return version.startsWith('6.') ? 'D' : 'C';
}

/** A dialect that the version does not speak, with the other envelope. */
export function wrongDialectFor(version: string): DialectName {
  return dialectOfVersion(version) === 'D' ? 'C' : 'D';
}

/** The Python that the peer of a version runs on. */
export function pythonOfVersion(version: string): 2 | 3 {
  return version.endsWith('-py27') ? 2 : 3;
}

/** Whether the version is that one or newer. */
export function isFrom(version: string, ...least: readonly number[]): boolean {
  const parts = numberOfVersion(version).split('.').map(Number);
  const first = least.findIndex((part, index) => (parts[index] ?? 0) !== part);
  return first < 0 || (parts[first] ?? 0) > (least[first] ?? 0);
}

/** Whether the version can bind threads: older ones know nothing of it, and 5.3.0 cannot read its own prefix. */
export function bindsThreads(version: string): boolean {
  return dialectOfVersion(version) === 'D' || version === '5.3.1';
}

/** Objects of ours that a peer holds as long as the connection lasts: 3.x installs shortcuts to our slave by itself. */
export function shortcutsOf(version: string): number {
  return dialectOfVersion(version) === 'A' ? 6 : 0;
}

/** A value of a peer's with text in the place of byte strings, as Python 2 sends its text. */
export function asText(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return Array.isArray(value) ? value.map(asText) : value;
}

/** The number that the version calls itself by. */
export function fullNumberOfVersion(version: string): string {
  const number = numberOfVersion(version);
  return number === '3.3' ? '3.3.0' : number;
}

/** The number of a version, without the Python it runs on. */
export function numberOfVersion(version: string): string {
  return version.replace('-py27', '');
}
