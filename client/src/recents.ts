import type { Recent } from './listMemory';

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
];

/** Those that are still listed, the newest first. */
export function listedRecents(recents: readonly Recent[], listed: readonly string[]): readonly Recent[] {
  return recents.filter(({ id }) => listed.includes(id)).sort((a, b) => b.at - a.at);
}

/**
 * How long ago something was: "5 minutes ago", "yesterday".
 *
 * @param at milliseconds since 1970
 * @param now the same, of now
 * @param language as VS Code names it, for instance `en` or `zh-cn`
 */
export function agoText(at: number, now: number, language: string): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const passed = Math.max(0, now - at);
  for (const [unit, length] of UNITS) {
    if (passed >= length) {
      return format.format(-Math.floor(passed / length), unit);
    }
  }
  return format.format(0, 'second');
}
