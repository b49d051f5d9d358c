import * as vscode from 'vscode';
import type { ServiceKind } from '../../server/src/api/model';
import { askPick, askText } from './multiStepInput';
import { DEFAULT_PORT, formatAddress, parseAddress } from './profiles';
import type { ProfileEntry } from './profiles';
import type { NewProfile } from './settings';

interface ServiceItem extends vscode.QuickPickItem {
  readonly service: ServiceKind;
}

interface Answers {
  address: string;
  service: ServiceItem | undefined;
  label: string;
}

const STEPS = 3;

/**
 * Asks where a connection goes, what is there and what to call it; each step can go back.
 * @returns undefined when the dialogue was closed
 */
export async function askForConnection(existing: readonly ProfileEntry[]): Promise<NewProfile | undefined> {
  const answers: Answers = { address: '', service: undefined, label: '' };
  const steps = [askAddress, askService, askLabel] as const;
  let at = 0;
  while (at < steps.length) {
    const outcome = await steps[at]?.(answers, existing);
    if (outcome === 'closed') {
      return undefined;
    }
    at += outcome === 'back' ? -1 : 1;
  }
  const address = parseAddress(answers.address);
  if (typeof address === 'string') {
    return undefined;
  }
  return {
    label: answers.label,
    transport: { kind: 'tcp', ...address },
    service: answers.service?.service ?? 'auto',
  };
}

type Outcome = 'next' | 'back' | 'closed';

async function askAddress(answers: Answers): Promise<Outcome> {
  const result = await askText({
    ...position(1),
    value: answers.address,
    prompt: vscode.l10n.t(
      'Where does the RPyC server listen? Host and port; {0} where you leave the port out.',
      DEFAULT_PORT,
    ),
    placeholder: vscode.l10n.t('host:port, for instance localhost:{0}', DEFAULT_PORT),
    check: addressFault,
  });
  if (result.kind === 'value') {
    answers.address = result.value;
  }
  return result.kind === 'value' ? 'next' : result.kind;
}

function addressFault(text: string): string | undefined {
  switch (parseAddress(text)) {
    case 'empty':
      return vscode.l10n.t('Type a host, or host:port.');
    case 'host':
      return vscode.l10n.t(
        'This is not a host name or IP address. Put an IPv6 address in brackets: [::1]:{0}',
        DEFAULT_PORT,
      );
    case 'port':
      return vscode.l10n.t('A port is a number from 1 to 65535.');
    default:
      return undefined;
  }
}

async function askService(answers: Answers): Promise<Outcome> {
  const items = serviceItems();
  const result = await askPick({
    ...position(2),
    items,
    placeholder: vscode.l10n.t('What is at the other end?'),
    active: items.find((item) => item.service === answers.service?.service),
  });
  if (result.kind === 'value') {
    answers.service = result.value;
  }
  return result.kind === 'value' ? 'next' : result.kind;
}

function serviceItems(): readonly ServiceItem[] {
  return [
    {
      service: 'auto',
      label: vscode.l10n.t('Find Out'),
      detail: vscode.l10n.t('Ask the server when connecting.'),
      iconPath: new vscode.ThemeIcon('search'),
    },
    {
      service: 'classic',
      label: vscode.l10n.t('Classic Server'),
      detail: vscode.l10n.t(
        'A whole Python process, as rpyc_classic offers it: explore all modules, run code.',
      ),
      iconPath: new vscode.ThemeIcon('terminal'),
    },
    {
      service: 'service',
      label: vscode.l10n.t('Service'),
      detail: vscode.l10n.t('One object with the methods that its author exposed.'),
      iconPath: new vscode.ThemeIcon('server-process'),
    },
  ];
}

async function askLabel(answers: Answers, existing: readonly ProfileEntry[]): Promise<Outcome> {
  const parsed = parseAddress(answers.address);
  const suggestion = typeof parsed === 'string' ? '' : formatAddress(parsed.host, parsed.port);
  const result = await askText({
    ...position(3),
    value: answers.label === '' ? suggestion : answers.label,
    prompt: vscode.l10n.t('What is this connection called?'),
    check: (text) => {
      const label = text.trim();
      if (label === '') {
        return vscode.l10n.t('Type a name.');
      }
      return existing.some((entry) => entry.profile.label === label)
        ? vscode.l10n.t('There is a connection of this name already.')
        : undefined;
    },
  });
  if (result.kind === 'value') {
    answers.label = result.value;
  }
  return result.kind === 'value' ? 'next' : result.kind;
}

function position(step: number): { title: string; step: number; totalSteps: number } {
  return { title: vscode.l10n.t('Add RPyC Connection'), step, totalSteps: STEPS };
}
