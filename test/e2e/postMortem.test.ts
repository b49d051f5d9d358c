import assert from 'node:assert/strict';

import * as vscode from 'vscode';

import { eventually } from '../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startClassic, startPeer } from '../support/pythonPeer';
import { closeEditors, command, connect, expand, listConnections, row, waitForRow } from './editor';
import { profileTo } from './profiles';

const NAMES = `class Moody(object):
    @property
    def mood(self):
        grudge = 7
        raise ValueError('angry')

moody = Moody()

def share(whole, parts=0):
    rest = whole * 2
    return rest / parts

share(21)`;

interface Frame {
  readonly id: number;
  readonly name: string;
  readonly source?: { readonly path?: string };
}

interface Variables {
  readonly variables: readonly { readonly name: string; readonly value: string }[];
}

/** The session that an error has opened. */
function sessionOf(lab: string): Promise<vscode.DebugSession> {
  return eventually('the error is open in the debugger', () => {
    const session = vscode.debug.activeDebugSession;
    return session?.name === `RPyC: ${lab}` ? session : undefined;
  });
}

/** The frames, once the innermost one is this. */
function framesOf(session: vscode.DebugSession, innermost: string): Promise<readonly Frame[]> {
  return eventually(`${innermost} stands still`, async () => {
    const answer = (await session.customRequest('stackTrace', { threadId: 1 })) as {
      readonly stackFrames: readonly Frame[];
    };
    return answer.stackFrames[0]?.name === innermost ? answer.stackFrames : undefined;
  });
}

async function locals(session: vscode.DebugSession, frameId: number): Promise<string> {
  const { scopes } = (await session.customRequest('scopes', { frameId })) as {
    readonly scopes: readonly { readonly variablesReference: number }[];
  };
  const { variables } = (await session.customRequest('variables', scopes[0])) as Variables;
  return variables
    .map(({ name, value }) => `${name}=${value}`)
    .sort()
    .join(' ');
}

/** Presses a button of the message in front. */
async function pressButton(): Promise<void> {
  await command('notifications.focusToasts');
  await command('notification.acceptPrimaryAction');
}

for (const version of RPYC_VERSIONS) {
  describe(`errors in the debugger on rpyc ${version}`, () => {
    const lab = `Dead errors ${version}`;
    let peer: PythonPeer;
    let uri: vscode.Uri;

    before(async () => {
      peer = await startClassic(version);
      await listConnections([profileTo(peer, lab)]);
      await connect(lab);
      const document = await vscode.workspace.openTextDocument({ language: 'python', content: NAMES });
      ({ uri } = document);
      await vscode.window.showTextDocument(document);
      await command('rpyc.runFile');
    });

    after(async () => {
      await vscode.debug.stopDebugging();
      await closeEditors();
      await listConnections([]);
      await peer[Symbol.asyncDispose]();
      await command('notifications.clearAll');
    });

    it('a failed run opens from its mark, without a session before, with variables and a console in its frame', async () => {
      const range = new vscode.Range(10, 0, 10, 0);
      const actions = (await command(
        'vscode.executeCodeActionProvider',
        uri,
        range,
      )) as readonly vscode.CodeAction[];
      const open = actions.find(({ title }) => title === 'Open in Debugger');
      assert.ok(open?.command);
      await command(open.command.command, ...((open.command.arguments ?? []) as unknown[]));
      const session = await sessionOf(lab);
      const [share, module] = await framesOf(session, 'share');
      assert.equal(module?.name, '<module>');
      assert.equal(share?.source?.path, uri.toString(true));
      assert.equal(await locals(session, share.id), 'parts=0 rest=42 whole=21');
      const evaluated = (await session.customRequest('evaluate', {
        expression: 'rest // 4',
        context: 'repl',
        frameId: share.id,
      })) as { readonly result: string };
      assert.equal(evaluated.result, '10');
      await eventually('its frame is in front', () => {
        const item = vscode.debug.activeStackItem;
        return item instanceof vscode.DebugStackFrame && item.frameId === share.id;
      });
    });

    it('a failed call opens from its message, in the session that is there', async () => {
      await expand([lab, 'Namespace']);
      const { id } = await waitForRow([lab, 'Namespace', 'share']);
      const started: string[] = [];
      const listening = vscode.debug.onDidStartDebugSession(({ name }) => started.push(name));
      await command('notifications.clearAll');
      const calling = command('rpyc.callObject', id, '8');
      await eventually('it is asked', async () => {
        await command('workbench.action.acceptSelectedQuickOpenItem');
        return Promise.race([
          calling.then(() => true),
          new Promise<false>((done) => setTimeout(done, 200, false)),
        ]);
      });
      const session = await sessionOf(lab);
      await eventually('its frames are shown', async () => {
        await pressButton();
        const frames = await framesOf(session, 'share');
        return (await locals(session, frames[0]?.id ?? 0)).includes('whole=8');
      });
      listening.dispose();
      assert.deepEqual(started, []);
    });

    it('a property that raises when it is read opens from its message', async () => {
      await expand([lab, 'Namespace', 'moody']);
      await waitForRow([lab, 'Namespace', 'moody', 'mood']);
      await command('notifications.clearAll');
      await command('rpyc.readValue', row([lab, 'Namespace', 'moody', 'mood']).id);
      const session = await sessionOf(lab);
      await eventually('its frames are shown', async () => {
        await pressButton();
        const frames = await framesOf(session, 'mood');
        return (await locals(session, frames[0]?.id ?? 0)).includes('grudge=7');
      });
    });
  });

  describe(`an error of a strict service on rpyc ${version}`, () => {
    it('opens by the text of its traceback', async () => {
      await using peer = await startPeer(version, 'open_service.py');
      const lab = `Dead service ${version}`;
      await listConnections([profileTo(peer, lab)]);
      try {
        await command('rpyc.connect', lab);
        await command('rpyc.openDebugConsole', lab);
        const session = await sessionOf(lab);
        const wrong = { expression: 'root.numbers[99999]', context: 'repl' };
        await assert.rejects(async () => session.customRequest('evaluate', wrong));
        await command('rpyc.showLastError', lab);
        const answer = (await session.customRequest('stackTrace', { threadId: 1 })) as {
          readonly stackFrames: readonly Frame[];
        };
        assert.ok(answer.stackFrames.length > 0);
        assert.match(await locals(session, answer.stackFrames[0]?.id ?? 0), /not kept/);
      } finally {
        await vscode.debug.stopDebugging();
        await listConnections([]);
      }
    });
  });
}
