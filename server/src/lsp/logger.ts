import type { Connection } from 'vscode-languageserver/node';

import { LogMessage } from '../api/messages';

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** A line longer than this is cut: the channel is for reading. */
const MAX_LINE = 8000;

/** Sends every line to the client's log channel. */
export class MessageLogger {
  constructor(private readonly connection: Connection) {}

  trace(message: string): void {
    this.send('trace', message);
  }

  debug(message: string): void {
    this.send('debug', message);
  }

  info(message: string): void {
    this.send('info', message);
  }

  warn(message: string): void {
    this.send('warn', message);
  }

  error(message: string): void {
    this.send('error', message);
  }

  private send(level: Level, message: string): void {
    const line = message.length > MAX_LINE ? `${message.slice(0, MAX_LINE)}…` : message;
    // A client that is gone is not told, and there is nowhere else to say so.
    this.connection.sendNotification(LogMessage.method, { level, message: line }).catch(() => undefined);
  }
}
