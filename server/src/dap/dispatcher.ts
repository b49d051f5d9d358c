import type { DebugProtocol } from '@vscode/debugprotocol';

import { toProblem } from '../features/problem';

/** What a request is answered with, and what happens once the answer has left. */
export interface Reply {
  readonly body?: object;
  readonly after?: () => void;
}

/** Answers one kind of request. The signal is aborted when the editor cancels it. */
export type Handler = (args: never, signal: AbortSignal) => Reply | Promise<Reply>;

/** A failure whose text is shown as it is, such as a traceback. */
export class ShownError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ShownError';
  }
}

/**
 * Messages of the Debug Adapter Protocol in and out, with the one error boundary of this edge: every request is answered
 * once, a failed one with a sentence, and nothing that a handler does ends the process.
 */
export class Dispatcher {
  private sequence = 0;
  private readonly pending = new Map<number, AbortController>();

  constructor(
    private readonly handlers: ReadonlyMap<string, Handler>,
    private readonly send: (message: DebugProtocol.ProtocolMessage) => void,
  ) {}

  /** Takes one message of the editor; what is no request is passed over. */
  handle(message: unknown): void {
    if (isRequest(message)) {
      void this.answer(message);
    }
  }

  event(name: string, body: object = {}): void {
    this.emit({ type: 'event', event: name, body });
  }

  /** What is under way is given up. */
  abort(reason: Error): void {
    for (const controller of this.pending.values()) {
      controller.abort(reason);
    }
  }

  private async answer({ seq, command, arguments: args = {} }: DebugProtocol.Request): Promise<void> {
    const handler = command === 'cancel' ? this.cancel : this.handlers.get(command);
    const controller = new AbortController();
    this.pending.set(seq, controller);
    let after: (() => void) | undefined;
    try {
      if (handler === undefined) {
        throw new ShownError(`There is no ${command} here`);
      }
      const reply = await handler(args as never, controller.signal);
      after = reply.after;
      this.respond(seq, command, {
        success: true,
        ...(reply.body === undefined ? {} : { body: reply.body }),
      });
    } catch (error) {
      const text = error instanceof ShownError ? error.message : toProblem(error).message;
      // Braces in the text are no variables of the format.
      const shown = { id: 1, format: '{text}', variables: { text }, showUser: false };
      this.respond(seq, command, { success: false, message: text, body: { error: shown } });
    } finally {
      this.pending.delete(seq);
    }
    after?.();
  }

  private readonly cancel: Handler = ({ requestId }: DebugProtocol.CancelArguments) => {
    this.pending.get(requestId ?? 0)?.abort(new ShownError('cancelled'));
    return {};
  };

  private respond(
    seq: number,
    command: string,
    answer: Pick<DebugProtocol.Response, 'success' | 'message' | 'body'>,
  ): void {
    this.emit({ type: 'response', request_seq: seq, command, ...answer });
  }

  private emit(message: Omit<DebugProtocol.Event, 'seq'> | Omit<DebugProtocol.Response, 'seq'>): void {
    this.sequence += 1;
    const sent: DebugProtocol.Event | DebugProtocol.Response = { ...message, seq: this.sequence };
    this.send(sent);
  }
}

function isRequest(message: unknown): message is DebugProtocol.Request {
  return (
    typeof message === 'object' &&
    message !== null &&
    Reflect.get(message, 'type') === 'request' &&
    typeof Reflect.get(message, 'seq') === 'number' &&
    typeof Reflect.get(message, 'command') === 'string'
  );
}
