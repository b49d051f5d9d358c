import type { LiveSignature } from '../../api/live';
import type { OpenCall } from './cursor';

/**
 * What a call takes, as one text, and which of its parameters is written now.
 *
 * @param parts the parameters as they are declared, with the marks `/` and `*`
 * @param returns what it gives, or empty
 */
export function readSignature(
  name: string,
  parts: readonly string[],
  returns: string,
  { position, keyword }: Pick<OpenCall, 'position' | 'keyword'>,
): Pick<LiveSignature, 'label' | 'parameters' | 'active'> {
  let label = `${name}(`;
  const shown: {
    readonly text: string;
    readonly range: readonly [number, number];
    readonly named: boolean;
  }[] = [];
  let named = false;
  for (const [index, text] of parts.entries()) {
    label += index === 0 ? '' : ', ';
    const start = label.length;
    label += text;
    if (text !== '/' && text !== '*') {
      shown.push({ text, range: [start, label.length], named });
    }
    // Behind these, a value without its name finds no parameter.
    named ||= text.startsWith('*');
  }
  label += `)${returns === '' ? '' : ` -> ${returns}`}`;
  const texts = shown.map(({ text }) => text);
  const active = keyword === undefined ? positional(shown, position) : namedAt(texts, keyword);
  return {
    label,
    parameters: shown.map(({ range }) => range),
    ...(active < 0 ? {} : { active }),
  };
}

function positional(
  shown: readonly { readonly text: string; readonly named: boolean }[],
  position: number,
): number {
  const values = shown.findIndex(({ text }) => text.startsWith('*') && !text.startsWith('**'));
  if (values >= 0 && position >= values) {
    return values;
  }
  const found = shown[position];
  return found === undefined || found.named || found.text.startsWith('**') ? -1 : position;
}

function namedAt(texts: readonly string[], keyword: string): number {
  const found = texts.findIndex((text) => !text.startsWith('*') && nameOf(text) === keyword);
  return found >= 0 ? found : texts.findIndex((text) => text.startsWith('**'));
}

function nameOf(text: string): string {
  return /^[\p{ID_Start}_][\p{ID_Continue}]*/u.exec(text)?.[0] ?? '';
}
