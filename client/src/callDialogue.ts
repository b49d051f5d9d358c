import * as vscode from 'vscode';
import type { CallParameter, CallSignature } from '../../server/src/api/changes';
import { argumentsText, prefill } from './callArguments';
import { pickText } from './displayText';
import { askText } from './multiStepInput';

/** Longer lists are typed as one line. */
const MAX_STEPS = 12;
const TEXT_LIMIT = 300;

/**
 * Asks for the arguments of a call: one after the other where the signature is known, and in the end as one line that
 * can be corrected.
 *
 * @param name what is called
 * @param given arguments that are known already: only the last step is shown
 * @returns what stands between the brackets; undefined where the dialogue was closed
 */
export async function askArguments(
  name: string,
  signature: CallSignature,
  given?: string,
): Promise<string | undefined> {
  const { parameters = [] } = signature;
  const asked = given === undefined && parameters.length <= MAX_STEPS ? parameters : [];
  const answers = asked.map(prefill);
  const totalSteps = asked.length + 1;
  let step = 0;
  for (;;) {
    const parameter = asked[step];
    const position = { title: vscode.l10n.t('Call {0}', name), step: step + 1, totalSteps };
    const result =
      parameter === undefined
        ? await askText({
            ...position,
            value: given ?? argumentsText(asked, answers),
            prompt: vscode.l10n.t('Press Enter to call {0}. {1}', shown(signature.text), accepts(signature)),
            placeholder: vscode.l10n.t('arguments as in Python, for instance: 1, key="x"'),
            check: () => undefined,
          })
        : await askText({
            ...position,
            value: answers[step] ?? '',
            prompt: `${shown(signature.text)} — ${parameterPrompt(parameter)}`,
            placeholder: placeholder(parameter),
            check: (text) =>
              parameter.required && text.trim() === ''
                ? vscode.l10n.t('Type a value: {0} has no default.', parameter.name)
                : undefined,
          });
    if (result.kind === 'closed') {
      return undefined;
    }
    if (result.kind === 'back') {
      step -= 1;
    } else if (parameter === undefined) {
      return result.value;
    } else {
      answers[step] = result.value;
      step += 1;
    }
  }
}

/** What may be typed for a value. */
export function accepts({ accepts: what }: Pick<CallSignature, 'accepts'>): string {
  return what === 'expressions'
    ? vscode.l10n.t('Python expressions are evaluated on the server.')
    : vscode.l10n.t('Literals only: numbers, texts in quotes, b"…", True, False, None, tuples of these.');
}

function parameterPrompt({ name, kind, required }: CallParameter): string {
  switch (kind) {
    case 'values':
      return vscode.l10n.t('more values for {0}, with commas between them', name);
    case 'mapping':
      return vscode.l10n.t('more named values for {0}: name=value, with commas between them', name);
    default:
      return required
        ? vscode.l10n.t('a value for {0}', name)
        : vscode.l10n.t('a value for {0}; leave it empty for its default', name);
  }
}

function placeholder({ default: text }: CallParameter): string {
  return text === undefined ? '' : vscode.l10n.t('default: {0}', shown(text));
}

function shown(text: string): string {
  return pickText(text, TEXT_LIMIT);
}
