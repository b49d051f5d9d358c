import * as vscode from 'vscode';
import { DebugClose, DebugOpen, DebugSend } from '../../server/src/api/messages';
import { requireProcess } from './backend';
import type { Backend } from './backend';
import type { ConnectionPicker } from './connectionPicker';
import type { Connections } from './connections';
import { DEBUG_TYPE } from './debugType';
import { lineText } from './displayText';
import { showInformation } from './messageBoxes';
import { pathMappingsOf } from './pathMappings';
import { backendLost, ProblemError, problemOf } from './problems';
import type { ProductionAction, ProductionGuard } from './productionGuard';

export interface DebugParts {
  readonly backend: Backend;
  readonly connections: Connections;
  readonly picker: ConnectionPicker;
  readonly production: ProductionGuard;
}

const NAME_LIMIT = 100;

/** One configuration for each connection, so that no launch.json is needed. */
export function configurations({ connections }: DebugParts): vscode.DebugConfiguration[] {
  return connections.entries.map(({ profile: { id } }) => configurationFor(connections, id));
}

/** Finds the connection that a configuration names, and connects it. Without a name the user picks. */
export async function resolveConfiguration(
  { connections, picker }: DebugParts,
  configuration: vscode.DebugConfiguration,
): Promise<vscode.DebugConfiguration | undefined> {
  const named: unknown = configuration['connection'];
  const ids = connections.entries.map(({ profile }) => profile.id);
  const id =
    typeof named === 'string' && named !== ''
      ? (ids.find((one) => one === named) ?? ids.find((one) => connections.label(one) === named))
      : await picker.pickWhere(() => true, vscode.l10n.t('Open the Debug Console of which connection?'));
  if (id === undefined) {
    if (typeof named === 'string' && named !== '') {
      void showInformation(vscode.l10n.t('There is no connection "{0}" in the list.', named));
    }
    return undefined;
  }
  if (!(await picker.connect(id))) {
    return undefined;
  }
  return { ...configurationFor(connections, id), ...configuration, ...attachTo(id) };
}

/** Opens a session on a connection unless it is the one in front, and goes to the line to type in. */
export async function openConsole(
  { connections, picker }: DebugParts,
  given: string | undefined,
): Promise<void> {
  // VS Code's own question about trust would wait for ever behind the command.
  requireProcess();
  const id =
    given ??
    (await picker.pickWhere(() => true, vscode.l10n.t('Open the Debug Console of which connection?')));
  if (id === undefined) {
    return;
  }
  const isThere = sessionOn(id) !== undefined;
  const options = { suppressSaveBeforeStart: true };
  if (isThere || (await vscode.debug.startDebugging(undefined, configurationFor(connections, id), options))) {
    // The editor would take what is typed next.
    await vscode.commands.executeCommand('workbench.debug.action.focusRepl');
  }
}

/** Which frames are shown: those of an error, by its name or the last one, or those of all threads. */
export interface ShownFrames {
  readonly kind: 'failure' | 'stacks';
  readonly failure?: string | undefined;
}

/** Shows frames in the session on a connection, which is opened where there is none. */
export async function showFrames(
  parts: DebugParts,
  given: string | undefined,
  shown: ShownFrames,
): Promise<void> {
  const { connections, picker } = parts;
  const { activeDebugSession } = vscode.debug;
  const id =
    given ??
    (activeDebugSession?.type === DEBUG_TYPE ? connectionOf(activeDebugSession) : undefined) ??
    (await picker.pickWhere(
      (one) =>
        connections.isConnected(one) &&
        (shown.kind === 'failure' || connections.state(one).peer?.service === 'classic'),
      vscode.l10n.t('Show the frames of which connection?'),
    ));
  if (id === undefined) {
    return;
  }
  if (sessionOn(id) === undefined) {
    await openConsole(parts, id);
  }
  // Frames and variables stand there, as with any debugger that stops.
  await vscode.commands.executeCommand('workbench.view.debug');
  try {
    await sessionOn(id)?.customRequest('rpycSnapshot', shown);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ProblemError({ code: 'ERR_DEBUG', message });
  }
}

/** Sessions that have an adapter, by their ids. */
const open = new Map<string, vscode.DebugSession>();

/** A session on this connection: the one in front where there are several. */
function sessionOn(id: string): vscode.DebugSession | undefined {
  const { activeDebugSession } = vscode.debug;
  const all = [...open.values()].filter((session) => connectionOf(session) === id);
  return all.find((session) => session.id === activeDebugSession?.id) ?? all.at(-1);
}

function connectionOf(session: vscode.DebugSession): string {
  return String(session.configuration['connection']);
}

export function createAdapter(
  parts: DebugParts,
  session: vscode.DebugSession,
): vscode.DebugAdapterDescriptor {
  const bridge = new Bridge(parts, session);
  open.set(session.id, session);
  const adapter = Object.assign(new vscode.Disposable(() => bridge.dispose()), {
    onDidSendMessage: bridge.onDidSendMessage,
    handleMessage: (message: vscode.DebugProtocolMessage) => bridge.handleMessage(message),
  });
  return new vscode.DebugAdapterInlineImplementation(adapter);
}

function configurationFor(connections: Connections, id: string): vscode.DebugConfiguration {
  const label = lineText(connections.label(id), NAME_LIMIT);
  return {
    name: `RPyC: ${label}`,
    internalConsoleOptions: 'openOnSessionStart',
    pathMappings: pathMappingsOf(connections, id),
    ...attachTo(id),
  };
}

function attachTo(connection: string): { type: string; request: string; connection: string } {
  return { type: DEBUG_TYPE, request: 'attach', connection };
}

const QUIET_CONTEXTS: readonly string[] = ['watch', 'hover', 'variables', 'clipboard'];

/** As much as is looked at of a message; the rest is relayed as it is. */
interface Message extends vscode.DebugProtocolMessage {
  readonly type?: unknown;
  readonly seq?: unknown;
  readonly command?: unknown;
  readonly arguments?: Readonly<Record<string, unknown>>;
}

/** Relays the messages of one session to the background process and back, in order. */
class Bridge {
  private readonly sent = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
  private readonly opened: Promise<unknown>;
  private readonly listeners: vscode.Disposable;
  private over = false;

  readonly onDidSendMessage = this.sent.event;

  constructor(
    private readonly parts: DebugParts,
    private readonly session: vscode.DebugSession,
  ) {
    const { backend } = parts;
    this.listeners = vscode.Disposable.from(
      backend.onDidReceiveDebugMessage(({ session: of, message }) => {
        if (of === session.id) {
          this.sent.fire(message);
        }
      }),
      backend.onDidEnd(() => this.terminate(backendLost().message)),
    );
    this.opened = backend.request(DebugOpen, { session: session.id });
    this.opened.catch((error: unknown) => this.terminate(problemOf(error).message));
  }

  handleMessage(message: Message): void {
    const asked = this.asks(message);
    if (asked === undefined) {
      this.relay(message);
      return;
    }
    void this.parts.production.agrees(connectionOf(this.session), ...asked).then((agreed) => {
      if (agreed) {
        this.relay(message);
      } else {
        this.fail(message, vscode.l10n.t('Nothing was done on the connection.'));
      }
    });
  }

  dispose(): void {
    this.over = true;
    open.delete(this.session.id);
    this.parts.backend.notify(DebugClose, { session: this.session.id });
    this.listeners.dispose();
    this.sent.dispose();
  }

  private relay(message: Message): void {
    // What waits for the same promise goes on in the order in which it came.
    this.opened.then(
      () => this.parts.backend.notify(DebugSend, { session: this.session.id, message }),
      (error: unknown) => this.fail(message, problemOf(error).message),
    );
  }

  /** What has to be confirmed where the connection is marked as production. */
  private asks({ type, command, arguments: args = {} }: Message): [ProductionAction, string] | undefined {
    if (type !== 'request') {
      return undefined;
    }
    // What is watched, hovered over or copied is refused at the other end where it would run code.
    if (command === 'evaluate' && !QUIET_CONTEXTS.includes(String(args['context']))) {
      return ['run', String(args['expression'])];
    }
    return command === 'setVariable' || command === 'setExpression'
      ? ['change', `${String(args['name'] ?? args['expression'])} = ${String(args['value'])}`]
      : undefined;
  }

  private fail({ seq, command }: Message, text: string): void {
    const error = { id: 1, format: '{text}', variables: { text }, showUser: false };
    this.fire({
      type: 'response',
      request_seq: seq,
      command,
      success: false,
      message: text,
      body: { error },
    });
  }

  private terminate(sentence: string): void {
    this.fire({ type: 'event', event: 'output', body: { category: 'important', output: `${sentence}\n` } });
    this.fire({ type: 'event', event: 'terminated' });
  }

  private fire(message: object): void {
    if (!this.over) {
      this.sent.fire({ seq: 0, ...message });
    }
  }
}
