/*
 * Keeping a server known to a registry: the `_bg_register` of rpyc/utils/server.py.
 */

import { withTimeout } from '../lib/deferred';
import { errorText } from '../lib/errorText';
import type { Logger } from '../lib/logger';
import type { Registrar } from './serverOptions';

/** Registries forget a server after four minutes. */
const DEFAULT_INTERVAL_SECONDS = 60;
const RETRY_AFTER_SECONDS = 1;
/** A registry that does not answer must not hold up the end of a server. */
const LONGEST_UNREGISTER_SECONDS = 3;

export interface RegisteredServer {
  readonly aliases: readonly string[];
  readonly port: number;
  /** The address on which it listens; empty where that is any. */
  readonly host: string;
}

export class Registration {
  private readonly interval: number;
  private timer: NodeJS.Timeout | undefined;
  private isEnded = false;
  private registering: Promise<void> = Promise.resolve();

  constructor(
    private readonly registrar: Registrar,
    private readonly server: RegisteredServer,
    private readonly logger: Logger,
  ) {
    this.interval = registrar.reregisterInterval ?? DEFAULT_INTERVAL_SECONDS;
  }

  /** Registers now, again as often as the registrar says, and each second for as long as it fails. */
  start(): void {
    this.logger.info(`started background auto-register (interval = ${this.interval})`);
    this.again();
  }

  /** Takes the server out of the registry. */
  async end(): Promise<void> {
    if (this.isEnded) return;
    this.isEnded = true;
    clearTimeout(this.timer);
    try {
      // Whichever arrives last at the registry counts.
      await withTimeout(this.registering, LONGEST_UNREGISTER_SECONDS, noAnswer).catch(() => undefined);
      const done = Promise.resolve(this.registrar.unregister(this.server.port));
      await withTimeout(done, LONGEST_UNREGISTER_SECONDS, noAnswer);
    } catch (error) {
      this.logger.error(`error unregistering services: ${errorText(error)}`);
    }
  }

  private again(): void {
    this.registering = this.register();
  }

  private async register(): Promise<void> {
    const isDone = await this.tryRegister();
    if (this.isEnded) return;
    if (!isDone) this.logger.info('registering services did not work - retry');
    const seconds = isDone ? this.interval : RETRY_AFTER_SECONDS;
    this.timer = setTimeout(() => this.again(), seconds * 1000);
    this.timer.unref();
  }

  private async tryRegister(): Promise<boolean> {
    const { aliases, port, host } = this.server;
    try {
      return (await this.registrar.register(aliases, port, host)) !== false;
    } catch (error) {
      this.logger.error(`error registering services: ${errorText(error)}`);
      return false;
    }
  }
}

function noAnswer(): Error {
  return new Error('no answer of the registry');
}
