/** What each function of the editor does: from arguments to what the editor shows, and to what the user is asked. */
import type { CallAnswer, CallEffect, CallQuestion } from '../../api/callbacks';
import type { CallbackName } from '../../api/model';
import { PythonError } from '../../rpyc/index';
import {
  type Arguments,
  CallLimit,
  line,
  lines,
  needNumber,
  needText,
  printedValue,
  shownValue,
  split,
} from './callValues';

/** What a call comes to: something that the editor does by itself, or a question and what its answer gives. */
export type CallOutcome =
  | { readonly effect: EffectOf<CallEffect>; readonly answer?: undefined }
  | {
      readonly question: EffectOf<CallQuestion>;
      readonly answer: (given: string | boolean | null) => string | boolean | null;
    }
  /** The list of calls is all that it is for. */
  | { readonly noted: true };

type EffectOf<T> = T extends unknown ? Omit<T, 'peer'> : never;

const MAX_LINE_NUMBER = 100_000_000;
const MAX_PATH = 1000;

type Read = (given: Arguments) => CallOutcome;

const TABLE: Readonly<Record<CallbackName, Read>> = {
  print: (given) => printing(given),
  console: (given) => printing(given),
  stdout_write: ({ positional }) => printed(one(positional, 'text')),
  stderr_write: ({ positional }) => printed(one(positional, 'text')),
  record: () => ({ noted: true }),
  show: ({ positional, named }) => {
    const [value, title = argument(named, 'title') ?? ''] = atLeast(positional, 1, 2);
    const text = printedValue(value, CallLimit.document);
    return {
      effect: { kind: 'show', title: line(printedValue(title, 100)), text: lines(text, CallLimit.document) },
    };
  },
  notify: ({ positional, named }) => {
    const [text] = atLeast(positional.length === 0 ? [argument(named, 'text')] : positional, 1, 1);
    return { effect: { kind: 'notify', text: line(printedValue(text, CallLimit.line)) } };
  },
  progress: ({ positional, named }) => {
    const [done, total = argument(named, 'total'), text = argument(named, 'text')] = atLeast(
      positional,
      1,
      3,
    );
    return {
      effect: {
        kind: 'progress',
        done: needNumber(done, 'done'),
        total: needNumber(total, 'total'),
        text: text === undefined || text === null ? '' : line(printedValue(text, CallLimit.line)),
      },
    };
  },
  ask: ({ positional, named }) => {
    const [text, value = argument(named, 'default')] = atLeast(positional, 1, 2);
    return {
      question: {
        kind: 'ask',
        text: line(needText(text, 'question')),
        value: value === undefined || value === null ? '' : line(needText(value, 'default')),
      },
      answer: (given) => (typeof given === 'string' ? given : null),
    };
  },
  confirm: ({ positional }) => ({
    question: { kind: 'confirm', text: line(one(positional, 'question')) },
    answer: (given) => given === true,
  }),
  open_file: ({ positional, named }) => {
    const [path, number = argument(named, 'line')] = atLeast(positional, 1, 2);
    const text = needText(path, 'path');
    if (text === '' || text.length > MAX_PATH || text.includes('\0')) {
      throw new PythonError('ValueError', [`path must have 1 to ${MAX_PATH} characters`]);
    }
    const wanted = needNumber(number, 'line') ?? 1;
    const at = Math.min(Math.max(Math.trunc(wanted), 1), MAX_LINE_NUMBER);
    return { question: { kind: 'openFile', path: text, line: at }, answer: (given) => given === true };
  },
};

/** @throws PythonError for arguments that the function cannot use */
export function readCall(name: CallbackName, args: readonly unknown[]): CallOutcome {
  return TABLE[name](split(args));
}

/** @throws PythonError where the user could not be asked for what was wanted */
export function answerOf(outcome: CallOutcome, given: CallAnswer): string | boolean | null {
  if ('error' in given) {
    throw new PythonError('ValueError', [given.error]);
  }
  return 'question' in outcome ? outcome.answer(given.value) : null;
}

/** As Python's `print`; other keyword arguments are for a terminal, and passed over. */
function printing({ positional, named }: Arguments): CallOutcome {
  const sep = separator(argument(named, 'sep'), ' ');
  const end = separator(argument(named, 'end'), '\n');
  const texts: string[] = [];
  let left: number = CallLimit.print;
  for (const value of positional) {
    const text = printedValue(value, left);
    left -= text.length + sep.length;
    texts.push(text);
    if (left <= 0) {
      break;
    }
  }
  return printed(texts.join(sep) + end);
}

function printed(text: string): CallOutcome {
  return { effect: { kind: 'print', text: lines(text, CallLimit.print) } };
}

function separator(value: unknown, otherwise: string): string {
  return value === undefined || value === null ? otherwise : needText(value, 'sep and end');
}

function argument(named: Arguments['named'], name: string): unknown {
  return named.find(([own]) => own === name)?.[1];
}

function one(positional: readonly unknown[], name: string): string {
  return needText(atLeast(positional, 1, 1)[0], name);
}

function atLeast(positional: readonly unknown[], least: number, most: number): readonly unknown[] {
  if (positional.length < least || positional.length > most) {
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    throw new PythonError('TypeError', [
      `${wanted} arguments are taken, and ${positional.length} were given`,
    ]);
  }
  return positional;
}

/** What the list shows of an answer. */
export function answerText(value: unknown): string {
  return value === null ? '' : shownValue(value, CallLimit.args);
}
