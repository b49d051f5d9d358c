/** Where the library tells what it does. One line a call, no secrets. */
export interface Logger {
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

const LONGEST_LINE = 500;

/** Text that a peer may have written, as one line that does nothing to a terminal. */
export function plainLine(text: string): string {
  const start = text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text;
  return start.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');
}

function ignore(): void {
  // Nobody listens.
}

/** Takes every message and does nothing with it. */
export const silentLogger: Logger = Object.freeze({
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
});
