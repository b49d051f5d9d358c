import type { ExplainedError, Explanation, Words } from '../../server/src/api/explanation';
import { codeBlock, inlineCode, plainMarkdown } from './displayText';

const CODE_LIMIT = 400;

/** The words of the page that are not the explanation's own. */
export interface ExplanationLabels {
  readonly mend: string;
  readonly unknown: string;
  readonly read: string;
  /** Where the text was taken from. */
  readonly source: string;
}

/** An explanation as a page in Markdown. What was pasted stands in code, so that none of it is a link or a mark. */
export function explanationMarkdown(explanation: Explanation, labels: ExplanationLabels): string {
  const { headline, what, mend, code, errors } = explanation;
  const blocks = [`# ${sentence(headline)}`, ...what.map(sentence)];
  if (mend.length > 0) {
    blocks.push(`## ${plainMarkdown(labels.mend)}`, mend.map((words) => `- ${sentence(words)}`).join('\n'));
  } else {
    blocks.push(plainMarkdown(labels.unknown));
  }
  for (const { title, text } of code) {
    blocks.push(`${plainMarkdown(title)}\\:`, codeBlock(text, 'python').trim());
  }
  if (errors.length > 0) {
    blocks.push(`## ${plainMarkdown(labels.read)}`, errors.map(errorItem).join('\n'));
  }
  blocks.push(plainMarkdown(labels.source));
  return `${blocks.join('\n\n')}\n`;
}

function sentence(words: Words): string {
  return words
    .map((part) => (typeof part === 'string' ? plainMarkdown(part) : inlineCode(part.code, CODE_LIMIT)))
    .join('');
}

function errorItem({ side, error, place, versions }: ExplainedError): string {
  const who = versions === undefined ? side : `${side} (${versions})`;
  const where = place === undefined ? '' : `  \n  ${inlineCode(place, CODE_LIMIT)}`;
  return `1. ${plainMarkdown(who.charAt(0).toUpperCase() + who.slice(1))}\\: ${inlineCode(error, CODE_LIMIT)}${where}`;
}
