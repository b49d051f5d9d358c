/**
 * Says in plain words what a traceback of two programs that use RPyC means. It knows what the rules know, and says so
 * where none fits: nothing is guessed. The text is data: it is read by lines, within limits, and never run.
 */
import {
  EXPLAINED_TEXT_LIMIT,
  type ExplainedError,
  type Explanation,
  type Words,
} from '../../api/explanation';
import { pythonOf, releasesOf } from './releases';
import type { Rule } from './rule';
import { ACCESS_RULES } from './rules/access';
import { ENCRYPTION_RULES } from './rules/encryption';
import { REACHING_RULES } from './rules/reaching';
import { VERSION_RULES } from './rules/versions';
import { WAITING_RULES } from './rules/waiting';
import { capital, Sides } from './sides';
import { type Raised, type Story, isOwnCode, readTracebacks, rpycFile, shortType } from './traceback';
import { oneLine, words } from './words';

const MAX_ERRORS = 12;
const MAX_STORIES = 200;

/** In the order in which they are tried. */
export const RULES: readonly Rule[] = [
  ...VERSION_RULES,
  ...ACCESS_RULES,
  ...WAITING_RULES,
  ...ENCRYPTION_RULES,
  ...REACHING_RULES,
];

export function explain(text: string): Explanation {
  const stories = readTracebacks(text.slice(-EXPLAINED_TEXT_LIMIT)).slice(-MAX_STORIES);
  const last = stories.at(-1);
  if (last === undefined) {
    return nothingRead();
  }
  const known = stories.findLast((story) => findRule(story) !== undefined) ?? last;
  const remarks = remarksOf(text, stories, known);
  const explanation = explainStory(known);
  return { ...explanation, what: [...explanation.what, ...remarks] };
}

function explainStory(story: Story): Explanation {
  const sides = new Sides(story);
  const errors = story.slice(-MAX_ERRORS).map((raised) => explainedError(raised, sides, story));
  const found = findRule(story);
  if (found === undefined) {
    return { ...unknown(story, sides), errors };
  }
  const { rule, raised, match } = found;
  const advice = rule.explain({ match, raised, sides, releases: releasesOf(raised) });
  return { rule: rule.name, ...advice, code: advice.code ?? [], errors };
}

interface Found {
  readonly rule: Rule;
  readonly raised: Raised;
  readonly match: RegExpExecArray;
}

/** The innermost exception that the first fitting rule fits. */
function findRule(story: Story): Found | undefined {
  for (const rule of RULES) {
    for (const raised of story.toReversed()) {
      const match = rule.error.exec(`${shortType(raised)}: ${raised.message}`);
      if (match !== null && (rule.frames?.(raised) ?? true)) {
        return { rule, raised, match };
      }
    }
  }
  return undefined;
}

// ---- what can be said without a rule -------------------------------------------------------------------------

function nothingRead(): Explanation {
  return {
    headline: words`There is no Python exception in this text.`,
    what: [
      words`A traceback begins with ${'Traceback (most recent call last):'} and ends with a line that names the exception.`,
    ],
    mend: [words`Copy all of it, with the parts under ${'Remote Traceback'}, and try again.`],
    code: [],
    errors: [],
  };
}

function unknown(story: Story, sides: Sides): Omit<Explanation, 'errors'> {
  const origin = originOf(story);
  const error = errorText(origin, story);
  const isRemote = story.some(({ level }) => level > 0);
  const isRpyc =
    isRemote || story.some(({ frames }) => frames.some((frame) => rpycFile(frame) !== undefined));
  if (!isRpyc) {
    return {
      headline: words`This is no error of rpyc, as far as the text shows: ${error}.`,
      what: [words`No line of rpyc is in it, and the message is none that is known here.`],
      mend: [],
      code: [],
    };
  }
  const ownCode = origin.frames.findLast(isOwnCode);
  const isOwn = ownCode !== undefined && origin.frames.at(-1) === ownCode;
  const who = sides.name(origin.level);
  return {
    headline: isOwn
      ? [`The code of ${who} raised `, ...words`${error}.`]
      : [`${capital(who)} raised `, ...words`${error}.`],
    what: [
      isOwn && isRemote
        ? words`The call itself worked: what it called failed, and the exception came back. It is to be mended in that code, not in rpyc.`
        : words`More is not known here about this exception.`,
    ],
    mend: [],
    code: [],
  };
}

/** Where it began: the most distant of the exceptions that were passed on; in one program the last. */
function originOf(story: Story): Raised {
  return story.reduce((found, raised) => (raised.level >= found.level ? raised : found));
}

function remarksOf(text: string, stories: readonly Story[], known: Story): readonly Words[] {
  const remarks: Words[] = [];
  if (stories.length > 1) {
    remarks.push(
      known === stories.at(-1)
        ? words`The text has ${stories.length} errors; this is about the last one.`
        : words`The text has ${stories.length} errors; this is about the last one that is known here.`,
    );
  }
  if (known.some(({ level }) => level > 1)) {
    remarks.push(
      words`Calls went there and back: each “Remote Traceback” is one call further on, which is the other of the two programs unless a third one took part.`,
    );
  }
  if (text.length > EXPLAINED_TEXT_LIMIT) {
    remarks.push(words`The text is very long: only its end was read.`);
  }
  return remarks;
}

// ---- what was read -------------------------------------------------------------------------------------------

function explainedError(raised: Raised, sides: Sides, story: Story): ExplainedError {
  const frame = raised.frames.findLast(isOwnCode);
  const inside = frame?.name === undefined || frame.name === '' ? '' : `, in ${frame.name}`;
  const python = pythonOf(raised);
  const versions = [releasesOf(raised)?.text, python === undefined ? undefined : `Python ${python}`];
  const known = versions.filter((version) => version !== undefined).join(', ');
  return {
    side: sides.name(raised.level),
    error: errorText(raised, story),
    ...(frame === undefined ? {} : { place: oneLine(`${frame.file}, line ${frame.line}${inside}`, 300) }),
    ...(known === '' ? {} : { versions: known }),
  };
}

/** RPyC makes a class of its own for an exception that came back, and some lose their message: the original has both. */
function errorText(raised: Raised, story: Story): string {
  const isDerived = (one: Raised): boolean => shortType(one) === 'Derived';
  const original = isDerived(raised)
    ? story.find((one) => one.level > raised.level && !isDerived(one))
    : undefined;
  const { message } = original ?? raised;
  const type = shortType(original ?? raised);
  return oneLine(message === '' ? type : `${type}: ${message}`, 300);
}
