import type { CallParameter } from '../../server/src/api/changes';

/** A name that can stand before `=` in a call. */
const NAME = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;

/**
 * What stands between the brackets of a call, from one answer for each parameter. An empty answer leaves its parameter
 * out; those behind it go by name then, as far as they have one.
 */
export function argumentsText(parameters: readonly CallParameter[], answers: readonly string[]): string {
  const parts: string[] = [];
  let byName = false;
  // A parameter before `*args` that is left out would be filled by the first of them.
  const hasMore = parameters.some(({ kind }, at) => kind === 'values' && (answers[at] ?? '').trim() !== '');
  parameters.forEach((parameter, at) => {
    const { kind, name } = parameter;
    const answer = (answers[at] ?? '').trim();
    const mustStand = kind === 'positional' || (kind === 'any' && hasMore);
    const text =
      answer === '' && mustStand && hasLater(parameters, answers, at) ? fallback(parameter) : answer;
    if (text === '') {
      byName ||= kind === 'any' || kind === 'positional';
      return;
    }
    const named = kind === 'named' || (kind === 'any' && byName);
    parts.push(named && NAME.test(name) ? `${name}=${text}` : text);
  });
  return parts.join(', ');
}

/** Whether a value that stands by its position is given behind this parameter. */
function hasLater(parameters: readonly CallParameter[], answers: readonly string[], at: number): boolean {
  return parameters.some(
    ({ kind }, later) =>
      later > at && (kind === 'positional' || kind === 'values') && (answers[later] ?? '').trim() !== '',
  );
}

function fallback(parameter: CallParameter): string {
  return parameter.literal ? (parameter.default ?? '') : '';
}

/** What the field of a parameter begins with: its default, where typing it again gives the same. */
export function prefill(parameter: CallParameter): string {
  return fallback(parameter);
}
