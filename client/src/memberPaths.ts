/** Finding a member by what was typed. */

/**
 * The ways to take `os.path.join` apart: a name that is looked up, and what is looked for in it. The longest name comes
 * first, since a module's own name may have dots.
 */
export function splitsOf(typed: string): readonly (readonly [name: string, rest: string])[] {
  const splits: (readonly [string, string])[] = [];
  for (let at = typed.lastIndexOf('.'); at > 0; at = typed.lastIndexOf('.', at - 1)) {
    splits.push([typed.slice(0, at), typed.slice(at + 1)]);
  }
  return splits;
}

/** How well a name fits: 0 the same, then the beginning, a part, letters in order; undefined not at all. */
export function fitOf(name: string, typed: string): number | undefined {
  const [whole, wanted] = [name.toLowerCase(), typed.toLowerCase()];
  if (whole === wanted) {
    return 0;
  }
  if (whole.startsWith(wanted)) {
    return 1;
  }
  if (whole.includes(wanted)) {
    return 2;
  }
  let at = -1;
  for (const letter of wanted) {
    at = whole.indexOf(letter, at + 1);
    if (at < 0) {
      return undefined;
    }
  }
  return 3;
}

/** The names that fit, best first, otherwise in the order in which they came. */
export function fitting<T>(items: readonly T[], nameOf: (item: T) => string, typed: string): readonly T[] {
  return items
    .flatMap((item) => {
      const fit = fitOf(nameOf(item), typed);
      return fit === undefined ? [] : [{ item, fit }];
    })
    .sort((left, right) => left.fit - right.fit)
    .map(({ item }) => item);
}

/** What rows are inserted as: one expression per line. Rows without one are left out. */
export function expressionLines(expressions: readonly (string | undefined)[]): string {
  return expressions.filter((expression) => expression !== undefined).join('\n');
}
