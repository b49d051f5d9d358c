const MAX_PEER_TEXT = 300;

const SECRET = /\b(pass(?:word|wd|phrase)?|token|secret|key|authorization)(["']?\s*[=:]\s*)\S+/gi;

/** One bounded line without control characters or anything that turns the direction of writing. */
export function oneLine(text: string): string {
  const line = text
    .slice(0, MAX_PEER_TEXT * 4)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim();
  return line.length > MAX_PEER_TEXT ? `${line.slice(0, MAX_PEER_TEXT)}…` : line;
}

/** Takes out whatever looks like a secret with its name. */
export function withoutSecrets(text: string): string {
  return text.replace(SECRET, '$1$2<secret>');
}
