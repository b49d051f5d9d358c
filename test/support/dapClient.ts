/** A client of the Debug Adapter Protocol on a session of the background process, over a socket as adapters are tested. */
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { once } from 'node:events';

import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';

import { DebugSession, type DebugSessionParts } from '../../server/src/dap/session';

const HEADER = /^Content-Length: (\d+)\r\n\r\n/;

/** Reads framed messages and hands them on one by one. */
function onMessages(socket: Socket, handle: (message: unknown) => void): void {
  let unread = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    for (;;) {
      const header = HEADER.exec(unread.toString('latin1'));
      const begin = header?.[0].length ?? 0;
      const end = begin + Number(header?.[1] ?? 0);
      if (header === null || unread.length < end) {
        return;
      }
      handle(JSON.parse(unread.toString('utf8', begin, end)));
      unread = unread.subarray(end);
    }
  });
}

export class DapClient extends DebugClient implements AsyncDisposable {
  /** Every event that came, oldest first. */
  readonly events: DebugProtocol.Event[] = [];
  private server: Server | undefined;
  private session: DebugSession | undefined;

  private constructor() {
    super('node', '', 'rpyc');
    for (const name of ['output', 'stopped', 'continued', 'terminated']) {
      this.on(name, (event: DebugProtocol.Event) => this.events.push(event));
    }
  }

  /** Attaches a session to the connection with this id, as the editor does. */
  static async attach(
    parts: DebugSessionParts,
    connection = 'p',
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<DapClient> {
    const client = new DapClient();
    const server = createServer((socket) => {
      const session = new DebugSession(parts, (message) => {
        const text = Buffer.from(JSON.stringify(message));
        socket.write(Buffer.concat([Buffer.from(`Content-Length: ${text.length}\r\n\r\n`), text]));
      });
      client.session = session;
      onMessages(socket, (message) => session.handle(message));
      socket.on('close', () => session.dispose());
      socket.on('error', () => undefined);
    });
    client.server = server;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await client.start((server.address() as AddressInfo).port);
    try {
      await client.initializeRequest();
      const stopped = client.waitForEvent('stopped');
      await Promise.all([
        client.waitForEvent('initialized').then(() => client.configurationDoneRequest()),
        client.attachRequest({ connection, ...more } as DebugProtocol.AttachRequestArguments),
      ]);
      await stopped;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
    return client;
  }

  /** What was printed so far. */
  printed(category: string): string {
    return this.events
      .filter(({ event, body }) => event === 'output' && (body as { category: string }).category === category)
      .map(({ body }) => (body as { output: string }).output)
      .join('');
  }

  async evaluate(expression: string, context = 'repl'): Promise<DebugProtocol.EvaluateResponse['body']> {
    return (await this.evaluateRequest({ expression, context, frameId: 1 })).body;
  }

  /** Has an error stand still, or all threads, and waits until they do. */
  async stand(failure: string | undefined, kind = 'failure'): Promise<void> {
    const stopped = this.waitForEvent('stopped');
    await this.customRequest('rpycSnapshot', { kind, failure });
    await stopped;
  }

  /** The frames of a thread, the innermost first. */
  async stack(threadId = 1): Promise<readonly DebugProtocol.StackFrame[]> {
    return (await this.stackTraceRequest({ threadId })).body.stackFrames;
  }

  async scope(name: string, frameId = 1): Promise<DebugProtocol.Scope> {
    const { scopes } = (await this.scopesRequest({ frameId })).body;
    const found = scopes.find((scope) => scope.name === name);
    if (found === undefined) {
      throw new Error(`No scope ${name} among ${scopes.map((scope) => scope.name).join(', ')}`);
    }
    return found;
  }

  async variables(
    variablesReference: number,
    more: Omit<DebugProtocol.VariablesArguments, 'variablesReference'> = {},
  ): Promise<DebugProtocol.Variable[]> {
    return (await this.variablesRequest({ variablesReference, ...more })).body.variables;
  }

  async variable(variablesReference: number, name: string): Promise<DebugProtocol.Variable> {
    const variables = await this.variables(variablesReference);
    const found = variables.find((variable) => variable.name === name);
    if (found === undefined) {
      throw new Error(`No variable ${name} among ${variables.map((variable) => variable.name).join(', ')}`);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.session?.dispose();
    const { server } = this;
    if (server !== undefined) {
      server.close();
      await once(server, 'close');
    }
  }
}
