/** The steps of the dialogue that adds a connection which few servers need. */
import * as vscode from 'vscode';
import { greetingOf } from './connectionForm';
import type { Answers, Greeting } from './connectionForm';
import { choose } from './formChoices';
import type { Choice, Outcome } from './formChoices';
import type { StepPosition } from './multiStepInput';

export function askSpecial(
  step: 'oneClient' | 'dialect' | 'greeting',
  position: StepPosition,
  answers: Answers,
): Promise<Outcome> {
  switch (step) {
    case 'oneClient':
      return choose(
        position,
        vscode.l10n.t('Does the server end with its first client?'),
        oneClientItems(),
        answers.oneClient,
        (isOne) => (answers.oneClient = isOne),
      );
    case 'dialect':
      return choose(
        position,
        vscode.l10n.t('Which rpyc does it run? Finding out would cost its only connection.'),
        dialectItems(),
        answers.dialect,
        (dialect) => (answers.dialect = dialect),
      );
    case 'greeting':
      return choose(
        position,
        vscode.l10n.t('What does the server want to hear before RPyC?'),
        greetingItems(answers),
        answers.greeting,
        (greeting) => (answers.greeting = greeting),
      );
  }
}

function oneClientItems(): readonly Choice<boolean>[] {
  return [
    {
      value: false,
      label: vscode.l10n.t('No'),
      detail: vscode.l10n.t('It serves any number of clients, as most do.'),
      iconPath: new vscode.ThemeIcon('organization'),
    },
    {
      value: true,
      label: vscode.l10n.t('Yes, It Takes One Client Only'),
      detail: vscode.l10n.t('It is never tried out and never connected to a second time by itself.'),
      iconPath: new vscode.ThemeIcon('person'),
    },
  ];
}

function dialectItems(): readonly Choice<Answers['dialect']>[] {
  const item = (value: Answers['dialect'], versions: string): Choice<Answers['dialect']> => ({
    value,
    label: vscode.l10n.t('rpyc {0}', versions),
    detail: vscode.l10n.t('dialect {0}', value),
    iconPath: new vscode.ThemeIcon('versions'),
  });
  return [item('D', '6'), item('C', '4.1 – 5.3'), item('B', '4.0'), item('A', '3.3 – 3.4')];
}

function greetingItems({ said }: Answers): readonly Choice<Greeting>[] {
  const kept = vscode.l10n.t('It is asked for when connecting, and kept by VS Code.');
  const asWritten: Choice<Greeting> = {
    value: 'asWritten',
    label: vscode.l10n.t('As It Is Now'),
    detail: vscode.l10n.t('What the settings say stays as it is: preHandshake.'),
    iconPath: new vscode.ThemeIcon('settings-gear'),
  };
  return [
    ...(greetingOf(said) === 'asWritten' ? [asWritten] : []),
    { value: 'none', label: vscode.l10n.t('Nothing'), iconPath: new vscode.ThemeIcon('circle-slash') },
    {
      value: 'passwordLine',
      label: vscode.l10n.t('A Password, as a Line'),
      detail: kept,
      iconPath: new vscode.ThemeIcon('key'),
    },
    {
      value: 'passwordFrame',
      label: vscode.l10n.t('A Password, in a Frame'),
      detail: `${kept} ${vscode.l10n.t('Other steps can be written in the settings: preHandshake.')}`,
      iconPath: new vscode.ThemeIcon('key'),
    },
  ];
}
