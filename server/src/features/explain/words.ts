import type { Words } from '../../api/explanation';

const MAX_CODE = 200;

/** A sentence: what is put in is a name, a value or a piece of pasted text, and is marked as such. */
export function words(texts: TemplateStringsArray, ...codes: readonly (string | number)[]): Words {
  const found: (string | { readonly code: string })[] = [];
  texts.forEach((text, index) => {
    if (text !== '') {
      found.push(text);
    }
    const code = codes[index];
    if (code !== undefined) {
      found.push({ code: oneLine(String(code)) });
    }
  });
  return found;
}

/** A bounded line without control characters or anything that turns the direction of writing. */
export function oneLine(text: string, limit = MAX_CODE): string {
  const line = text
    .slice(0, limit * 4)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}

/** Words as text, for a log or a test. */
export function plainText(sentence: Words): string {
  return sentence.map((part) => (typeof part === 'string' ? part : part.code)).join('');
}
