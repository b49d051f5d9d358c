/** Colour codes and other terminal sequences, which an output channel would show as rubbish. */
// eslint-disable-next-line no-control-regex -- the escape character is what this is about
const TERMINAL_SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Characters that turn the direction of text, and so can make it read as something else. */
const DIRECTION_MARK = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Control characters other than tab and line breaks. */
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** Text from a peer for an output channel: harmless, lines kept. */
export function outputText(text: string): string {
  return text
    .replace(TERMINAL_SEQUENCE, '')
    .replace(/\r\n?/g, '\n')
    .replace(DIRECTION_MARK, escapeCharacter)
    .replace(CONTROL, escapeCharacter);
}

/** Text from a peer for one line of the tree: harmless, at most `limit` characters. */
export function lineText(text: string, limit: number): string {
  const line = outputText(text).replace(/[\n\t\u2028\u2029]+/g, ' ');
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

/** A Markdown code block that its own content cannot close. */
export function codeBlock(text: string, language: string): string {
  // Counted after cleaning: what is taken out may have stood between two backticks.
  const clean = outputText(text);
  const runs = clean.match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return `\n${fence}${language}\n${clean}\n${fence}\n`;
}

/** Text from elsewhere inside a Markdown sentence: code, in which nothing is a link. */
export function inlineCode(text: string, limit: number): string {
  const clean = lineText(text, limit).trim();
  const runs = clean.match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(1, ...runs.map((run) => run.length + 1)));
  const space = clean.startsWith('`') || clean.endsWith('`') ? ' ' : '';
  return clean === '' ? '' : `${fence}${space}${clean}${space}${fence}`;
}

/** Plain words inside Markdown: none of them is a mark. */
export function plainMarkdown(text: string): string {
  return outputText(text).replace(/[!-/:-@[-`{-~]/g, '\\$&');
}

/** Text with words from elsewhere for a message: VS Code would make `[text](command:…)` a link that runs it. */
export function messageText(text: string): string {
  const ZERO_WIDTH_SPACE = '\u200b';
  return outputText(text).replace(/\](?=\()/g, `]${ZERO_WIDTH_SPACE}`);
}

/** Text from a peer for a list to pick from: as `lineText`, and `$(name)` is no icon. */
export function pickText(text: string, limit: number): string {
  return lineText(text, limit).replace(/(?<!\\)\$\((?=[\w-]+(?:~\w+)?\))/g, '\\$(');
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
