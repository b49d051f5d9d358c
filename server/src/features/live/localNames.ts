/** Whether a name belongs to a function of the text, so that what the namespace has under that name is something else. */

const FUNCTION = /^[ \t]*(?:async\s+)?def\s/;
/** Lines that are looked at for the function around a place. */
const MAX_LINES = 2000;
/** Characters of a line that are looked at: a long one is data, and the patterns would take seconds for it. */
const MAX_LINE = 500;

/**
 * Whether `name`, at the end of `before`, is one of a function's own: a parameter, or given a value inside of it. Where
 * it is hard to tell, it is taken for one.
 */
export function isLocalName(before: string, name: string): boolean {
  const lines = before.split(/\r\n|\r|\n/).slice(-MAX_LINES);
  const here = (lines.at(-1) ?? '').slice(-MAX_LINE);
  const word = `(?<![\\p{ID_Continue}.])${name}(?![\\p{ID_Continue}])`;
  if (new RegExp(`\\blambda\\b[^:]*${word}[^:]*:`, 'u').test(here)) {
    return true;
  }
  const body = functionAround(lines);
  if (body === undefined) {
    return false;
  }
  const text = body.map((line) => line.slice(0, MAX_LINE)).join('\n');
  if (new RegExp(`^[ \\t]*(?:global|nonlocal)\\s[^\\n]*${word}`, 'mu').test(text)) {
    return false;
  }
  // A target before `=` or `:=`, a loop's, an import's, `as name`, and any name between the brackets of a `def`.
  const given = [
    `^[ \\t]*(?:[^=\\n]*[\\s,(*])?${word}(?:[\\s,)*\\p{ID_Continue}]*)(?::[^=\\n]+)?=(?!=)`,
    `${word}\\s*:=`,
    `\\bfor\\b[^:\\n]*?${word}[^:\\n]*?\\bin\\b`,
    `\\b(?:as|import)\\s[^\\n]*?${word}`,
    `^[ \\t]*(?:async\\s+)?(?:def|class)\\s[^:]*?${word}`,
    `^[ \\t]*(?:async\\s+)?def\\s[^(]*\\((?:[^()]|\\([^()]*\\))*?${word}`,
  ];
  return given.some((pattern) => new RegExp(pattern, 'mu').test(text));
}

/** The lines from the head of the outermost function around the last line on; undefined where there is none. */
function functionAround(lines: readonly string[]): readonly string[] | undefined {
  let indent = indentOf(lines.at(-1) ?? '');
  let found: readonly string[] | undefined;
  for (let at = lines.length - 2; at >= 0 && indent > 0; at--) {
    const line = lines[at] ?? '';
    const text = line.trim();
    if (text !== '' && !text.startsWith('#') && indentOf(line) < indent) {
      indent = indentOf(line);
      found = FUNCTION.test(line) ? lines.slice(at) : found;
    }
  }
  return found;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
