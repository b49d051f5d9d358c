/** A process that deploys a server, prints one line of JSON about it, and waits to be killed. */
import { DeployedServer, SshMachine } from '../../../server/src/rpyc/index';

async function main(options: string): Promise<void> {
  const machine = new SshMachine(JSON.parse(options) as { host: string; configFile: string });
  const server = new DeployedServer(machine);
  const deployment = await server.start();
  const connection = await server.classicConnect();
  const pid = await connection.eval<number>('__import__("os").getpid()');
  process.stdout.write(`${JSON.stringify({ ...deployment, answered: pid })}\n`);
}

void main(process.argv[2] ?? '');
