import * as vscode from 'vscode';
import type { ServiceKind, TransportKind } from '../../server/src/api/model';
import { DEFAULT_RPYC_PORT, DEFAULT_TLS_PORT } from '../../server/src/api/transport';
import {
  isTextStep,
  noAnswers,
  profileFrom,
  stepsOf,
  suggestedLabel,
  suggestionFor,
  textFault,
} from './connectionForm';
import type { Answers, StepName, TextFault, TextStepName, Trust } from './connectionForm';
import { KIND_ICONS } from './kindText';
import { choose, keep } from './formChoices';
import type { Choice, Outcome } from './formChoices';
import { askText } from './multiStepInput';
import type { StepPosition } from './multiStepInput';
import { askSpecial } from './specialServer';
import type { ProfileEntry } from './profiles';
import type { NewProfile } from './settings';

const MAX_LABEL = 255;

/** What the dialogue came to: the profile, and the answers to go on from where it is to be changed. */
export interface AskedConnection {
  readonly profile: NewProfile;
  readonly answers: Answers;
}

/**
 * Asks how the server is reached, what that way needs, what is there and what to call it; each step can go back.
 *
 * @param before the answers of an earlier round, or of the connection that is edited
 * @param title what is done
 * @returns undefined when the dialogue was closed
 */
export async function askForConnection(
  existing: readonly ProfileEntry[],
  before?: Answers,
  title = vscode.l10n.t('Add RPyC Connection'),
): Promise<AskedConnection | undefined> {
  const answers = before ?? noAnswers();
  const last = stepsOf(answers).length - 1;
  // Whoever comes back has an answer to correct: the first that says where it leads.
  let at = before === undefined ? 0 : Math.min(1, last);
  for (;;) {
    const steps = stepsOf(answers);
    const step = steps[at];
    if (step === undefined) {
      break;
    }
    const position = { title, step: at + 1, totalSteps: steps.length };
    const outcome = await ask(step, position, answers, existing);
    if (outcome === 'closed') {
      return undefined;
    }
    at += outcome === 'back' ? -1 : 1;
  }
  const profile = profileFrom(answers);
  return profile === undefined ? undefined : { profile, answers };
}

async function ask(
  step: StepName,
  position: StepPosition,
  answers: Answers,
  existing: readonly ProfileEntry[],
): Promise<Outcome> {
  if (isTextStep(step)) {
    const result = await askText({
      ...position,
      ...textQuestion(step, answers.kind),
      value: suggestionFor(step, answers),
      check: (text) => faultText(textFault(step, text)),
    });
    return keep(result, (text) => (answers.texts[step] = text));
  }
  switch (step) {
    case 'kind':
      return choose(
        position,
        vscode.l10n.t('How is the server reached?'),
        kindItems(),
        answers.kind,
        (kind) => {
          answers.kind = kind;
        },
      );
    case 'trust':
      return choose(
        position,
        vscode.l10n.t('How is the certificate of the server verified?'),
        trustItems(),
        answers.trust,
        (trust) => (answers.trust = trust),
      );
    case 'clientCertificate':
      return choose(
        position,
        vscode.l10n.t('Does the server want a certificate of its clients?'),
        clientCertificateItems(),
        answers.clientCertificate,
        (wanted) => (answers.clientCertificate = wanted),
      );
    case 'service':
      return choose(
        position,
        vscode.l10n.t('What is at the other end?'),
        [...serviceItems(), specialItem()],
        answers.special ? 'special' : answers.service,
        (choice) => {
          answers.special = choice === 'special';
          answers.service = choice === 'special' ? answers.service : choice;
        },
      );
    case 'style':
      return choose(
        position,
        vscode.l10n.t('And what is at the other end?'),
        serviceItems(),
        answers.service,
        (service) => (answers.service = service),
      );
    case 'oneClient':
    case 'dialect':
    case 'greeting':
      return askSpecial(step, position, answers);
    case 'label': {
      const result = await askText({
        ...position,
        value: answers.label === '' ? suggestedLabel(answers).slice(0, MAX_LABEL) : answers.label,
        prompt: vscode.l10n.t('What is this connection called?'),
        check: (text) => labelFault(text, existing),
      });
      return keep(result, (label) => (answers.label = label));
    }
  }
}

function labelFault(text: string, existing: readonly ProfileEntry[]): string | undefined {
  const label = text.trim();
  if (label === '') {
    return vscode.l10n.t('Type a name.');
  }
  if (label.length > MAX_LABEL) {
    return vscode.l10n.t('A name has at most {0} characters.', MAX_LABEL);
  }
  return existing.some((entry) => entry.profile.label === label)
    ? vscode.l10n.t('There is a connection of this name already.')
    : undefined;
}

// ---- choices ------------------------------------------------------------------------------------------------

function kindItems(): readonly Choice<TransportKind>[] {
  const item = (value: TransportKind, label: string, detail: string): Choice<TransportKind> => ({
    value,
    label,
    detail,
    iconPath: new vscode.ThemeIcon(KIND_ICONS[value]),
  });
  return [
    item('tcp', vscode.l10n.t('TCP'), vscode.l10n.t('A host and a port, not encrypted.')),
    item('tls', vscode.l10n.t('TLS'), vscode.l10n.t('A host and a port, encrypted, with certificates.')),
    item(
      'ssh',
      vscode.l10n.t('SSH Tunnel'),
      vscode.l10n.t('Through a machine that ssh reaches, to a server that need not be open to the network.'),
    ),
    process.platform === 'win32'
      ? item('pipe', vscode.l10n.t('Named Pipe'), vscode.l10n.t('A pipe of this machine.'))
      : item('unix', vscode.l10n.t('Unix Socket'), vscode.l10n.t('A socket file of this machine.')),
    item(
      'subprocess',
      vscode.l10n.t('Program'),
      vscode.l10n.t('Started here, and used over its standard input and output.'),
    ),
    item(
      'deploy',
      vscode.l10n.t('SSH, No Server There Yet'),
      vscode.l10n.t('Brings a server to a machine with Python 3, for the time of the connection.'),
    ),
    item(
      'registry',
      vscode.l10n.t('Service by Name'),
      vscode.l10n.t('A registry is asked where the server is, each time anew.'),
    ),
  ];
}

function trustItems(): readonly Choice<Trust>[] {
  return [
    {
      value: 'system',
      label: vscode.l10n.t('By Well-Known Authorities'),
      detail: vscode.l10n.t('As a browser does it.'),
      iconPath: new vscode.ThemeIcon('lock'),
    },
    {
      value: 'ca',
      label: vscode.l10n.t('By a CA File'),
      detail: vscode.l10n.t('The certificate of the authority that signed that of the server.'),
      iconPath: new vscode.ThemeIcon('file'),
    },
    {
      value: 'pin',
      label: vscode.l10n.t('By Its Fingerprint'),
      detail: vscode.l10n.t('One certificate is pinned, a self-signed one too.'),
      iconPath: new vscode.ThemeIcon('pin'),
    },
    {
      value: 'insecure',
      label: vscode.l10n.t('Not at All (Insecure)'),
      detail: vscode.l10n.t('Anybody in between can read and change everything.'),
      iconPath: new vscode.ThemeIcon('warning'),
    },
  ];
}

function clientCertificateItems(): readonly Choice<boolean>[] {
  return [
    { value: false, label: vscode.l10n.t('No'), iconPath: new vscode.ThemeIcon('circle-slash') },
    {
      value: true,
      label: vscode.l10n.t('Yes'),
      detail: vscode.l10n.t('A file with our certificate, and one with its key.'),
      iconPath: new vscode.ThemeIcon('key'),
    },
  ];
}

function specialItem(): Choice<'special'> {
  return {
    value: 'special',
    label: vscode.l10n.t('An Unusual Server…'),
    detail: vscode.l10n.t('It takes one client only, or wants a password before RPyC.'),
    iconPath: new vscode.ThemeIcon('settings-gear'),
  };
}

function serviceItems(): readonly Choice<ServiceKind>[] {
  return [
    {
      value: 'auto',
      label: vscode.l10n.t('Find Out'),
      detail: vscode.l10n.t('Ask the server when connecting.'),
      iconPath: new vscode.ThemeIcon('search'),
    },
    {
      value: 'classic',
      label: vscode.l10n.t('Classic Server'),
      detail: vscode.l10n.t(
        'A whole Python process, as rpyc_classic offers it: explore all modules, run code.',
      ),
      iconPath: new vscode.ThemeIcon('terminal'),
    },
    {
      value: 'service',
      label: vscode.l10n.t('Service'),
      detail: vscode.l10n.t('One object with the methods that its author exposed.'),
      iconPath: new vscode.ThemeIcon('server-process'),
    },
  ];
}

// ---- texts --------------------------------------------------------------------------------------------------

interface TextQuestion {
  readonly prompt: string;
  readonly placeholder: string;
  readonly browse?: string;
}

function textQuestion(step: TextStepName, kind: TransportKind): TextQuestion {
  const port = kind === 'tls' ? DEFAULT_TLS_PORT : DEFAULT_RPYC_PORT;
  const browse = vscode.l10n.t('Choose a File…');
  switch (step) {
    case 'address':
      return {
        prompt: vscode.l10n.t(
          'Where does the RPyC server listen? Host and port; {0} where you leave the port out.',
          port,
        ),
        placeholder: vscode.l10n.t('host:port, for instance localhost:{0}', port),
      };
    case 'ca':
      return {
        prompt: vscode.l10n.t('The file with the certificate of the authority, in PEM form.'),
        placeholder: vscode.l10n.t('for instance {0}', '/etc/ssl/lab-ca.pem'),
        browse,
      };
    case 'pin':
      return {
        prompt: vscode.l10n.t(
          'The SHA-256 fingerprint of the certificate, as "openssl x509 -noout -fingerprint -sha256" prints it.',
        ),
        placeholder: vscode.l10n.t('64 hexadecimal digits, with or without colons'),
      };
    case 'cert':
      return {
        prompt: vscode.l10n.t('The file with our certificate, in PEM form.'),
        placeholder: vscode.l10n.t('for instance {0}', '~/certificates/me.pem'),
        browse,
      };
    case 'key':
      return {
        prompt: vscode.l10n.t('The file with the key of our certificate, in PEM form.'),
        placeholder: vscode.l10n.t('for instance {0}', '~/certificates/me.key'),
        browse,
      };
    case 'path':
      return {
        prompt: vscode.l10n.t('The socket that the RPyC server listens on.'),
        placeholder: vscode.l10n.t('for instance {0}', '/run/lab/rpyc.sock'),
      };
    case 'pipe':
      return {
        prompt: vscode.l10n.t('The name of the pipe that the RPyC server listens on.'),
        placeholder: vscode.l10n.t('for instance {0}', '\\\\.\\pipe\\rpyc_lab'),
      };
    case 'machine':
      return {
        prompt: vscode.l10n.t(
          'Which machine? As you would give it to ssh; names of your ssh configuration too.',
        ),
        placeholder: vscode.l10n.t('for instance {0}', 'user@lab.example:22'),
      };
    case 'farEnd':
      return {
        prompt: vscode.l10n.t('Where does the RPyC server listen, as that machine sees it?'),
        placeholder: vscode.l10n.t('host:port, or the path of a Unix socket'),
      };
    case 'command':
      return {
        prompt: vscode.l10n.t(
          'Which program speaks RPyC on its standard input and output? There is no shell.',
        ),
        placeholder: vscode.l10n.t('for instance {0}', 'rpyc_classic -m stdio'),
      };
    case 'serviceName':
      return {
        prompt: vscode.l10n.t('What is the service called? As the server registers it.'),
        placeholder: vscode.l10n.t('for instance {0}', 'CALCULATOR'),
      };
    case 'registry':
      return {
        prompt: vscode.l10n.t(
          'Where is the registry? Left empty, the networks of this machine are asked. tcp:// before the host for one that is asked by TCP.',
        ),
        placeholder: vscode.l10n.t('empty, or for instance {0}', 'lab.example:18811'),
      };
  }
}

function faultText(fault: TextFault | undefined): string | undefined {
  switch (fault) {
    case undefined:
      return undefined;
    case 'empty':
      return vscode.l10n.t('Type an answer.');
    case 'host':
      return vscode.l10n.t(
        'This is not a host name or IP address. Put an IPv6 address in brackets: [::1]:{0}',
        DEFAULT_RPYC_PORT,
      );
    case 'port':
      return vscode.l10n.t('A port is a number from 1 to 65535.');
    case 'path':
      return vscode.l10n.t('This is not a whole path: begin with /, ~/ or a drive.');
    case 'pin':
      return vscode.l10n.t('A SHA-256 fingerprint has 64 hexadecimal digits.');
    case 'pipe':
      return vscode.l10n.t('This is not the name of a pipe.');
    case 'user':
      return vscode.l10n.t('This is not a user name.');
    case 'socket':
      return vscode.l10n.t('Type the whole path of the socket.');
    case 'command':
      return vscode.l10n.t('Type the program first, and then its arguments.');
    case 'quote':
      return vscode.l10n.t('A quote is not closed.');
    case 'serviceName':
      return vscode.l10n.t('This is not the name of a service.');
  }
}
