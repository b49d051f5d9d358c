import {
  CancellationTokenSource,
  type Connection,
  ErrorCodes,
  LSPErrorCodes,
  ResponseError,
  type CancellationToken,
} from 'vscode-languageserver/node';

import type { NotificationMessage, RequestMessage, RequestProblem } from '../api/messages';
import type { ProblemContext } from '../features/connectSentences';
import { onAbort } from '../features/pool/abort';
import { ProblemCode, ProblemError, cancelled, toProblem } from '../features/problem';
import { toAbortSignal } from './cancellation';
import type { MessageLogger } from './logger';

/** What is done beside a request, for as long as it takes. */
export type Around = <T>(method: string, params: unknown, work: () => Promise<T>) => Promise<T>;

/**
 * Our own messages over the language server's connection, typed, with the one error boundary: a failed request
 * is answered with a `Problem`, whatever was thrown, and nothing that a handler does ends the process.
 */
export class MessageEdge {
  /** Does the work of each request. */
  around: Around = (_method, _params, work) => work();

  constructor(
    private readonly connection: Connection,
    private readonly logger: MessageLogger,
  ) {}

  /**
   * @param about what the problem's sentence may name, from the request's parameters
   * @param handle answers; the signal is aborted when the client cancels
   */
  onRequest<Params, Result>(
    message: RequestMessage<Params, Result>,
    about: (params: Params) => ProblemContext,
    handle: (params: Params, signal: AbortSignal) => Result | Promise<Result>,
  ): void {
    this.connection.onRequest(message.method, async (params: Params, token: CancellationToken) => {
      const request = toAbortSignal(token, new ProblemError(cancelled()));
      try {
        return await this.around(message.method, params, async () => handle(params, request.signal));
      } catch (error) {
        return this.toResponse(message.method, error, about, params);
      } finally {
        request.dispose();
      }
    });
  }

  /** What goes wrong is logged, since nobody waits for an answer. */
  onNotification<Params>(
    message: NotificationMessage<Params>,
    handle: (params: Params) => void | Promise<void>,
  ): void {
    this.connection.onNotification(message.method, async (params: Params) => {
      try {
        await handle(params);
      } catch (error) {
        const { message: sentence, detail } = toProblem(error);
        this.logger.error(`${message.method}: ${sentence}${detail === undefined ? '' : `\n${detail}`}`);
      }
    });
  }

  /** Tells the client. A client that is gone is not told. */
  notify<Params>(message: NotificationMessage<Params>, params: Params): void {
    this.connection.sendNotification(message.method, params).catch(() => undefined);
  }

  /**
   * Asks the client.
   *
   * @param signal withdraws the question
   * @throws where the client is gone or does not know the question
   */
  async ask<Params, Result>(
    message: RequestMessage<Params, Result>,
    params: Params,
    signal: AbortSignal,
  ): Promise<Result> {
    const source = new CancellationTokenSource();
    const withdraw = onAbort(signal, () => source.cancel());
    try {
      return await this.connection.sendRequest<Result>(message.method, params, source.token);
    } finally {
      withdraw.dispose();
      source.dispose();
    }
  }

  private toResponse<Params>(
    method: string,
    error: unknown,
    about: (params: Params) => ProblemContext,
    params: Params,
  ): ResponseError<RequestProblem> {
    const problem = toProblem(error, contextOf(about, params));
    if (problem.code === ProblemCode.cancelled) {
      return new ResponseError(LSPErrorCodes.RequestCancelled, problem.message, problem);
    }
    const detail = problem.detail === undefined ? '' : `\n${problem.detail}`;
    this.logger[problem.code === ProblemCode.internal ? 'error' : 'debug'](
      `${method}: ${problem.code} ${problem.message}${detail}`,
    );
    return new ResponseError(ErrorCodes.InternalError, problem.message, problem);
  }
}

/** Finding out what a failure is about must not fail in its turn. */
function contextOf<Params>(about: (params: Params) => ProblemContext, params: Params): ProblemContext {
  try {
    return about(params);
  } catch {
    return {};
  }
}
