/**
 * A process of its own that is attacked: a server, which also connects to hostile servers when it is told to. It prints
 * its port. Started with a small heap, it dies of whatever makes it hold too much.
 */
import { connect, Handler, repr, Service, ThreadedServer } from '../../../server/src/rpyc/index';

class Victim extends Service {
  readonly #waiting: (() => void)[] = [];

  exposed_echo(value: unknown): unknown {
    return value;
  }

  exposed_ignore(): null {
    return null;
  }

  /** Answers when the connection is gone, like a method that waits for something. */
  exposed_wait(): Promise<null> {
    return new Promise((resolve) => this.#waiting.push(() => resolve(null)));
  }

  override onDisconnect(): void {
    for (const finish of this.#waiting.splice(0)) finish();
  }

  /** Resident megabytes. */
  exposed_memory(): number {
    return Math.round(process.memoryUsage.rss() / 1024 / 1024);
  }

  exposed_handles(): readonly string[] {
    return process.getActiveResourcesInfo();
  }

  /** Uses a server as any program would, and tells the code of what came of it. */
  async exposed_use(port: number, dialect: 'C' | 'D'): Promise<string> {
    try {
      const connection = await connect('127.0.0.1', port, { dialect, timeout: 20 });
      try {
        await repr(connection.root);
        await connection.syncRequest(Handler.ping, 'x');
        return 'nothing happened';
      } finally {
        await connection.close();
      }
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  }
}

async function main(): Promise<void> {
  const server = new ThreadedServer({ service: Victim });
  await server.start();
  process.stdout.write(`${server.port}\n`);
}

void main();
