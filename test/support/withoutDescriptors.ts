/** A program that starts children when it may open no more files, for a test of what that does to it. */
import { closeSync, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';

import { type ConnectError, connectSubproc, ForkingServer, SshMachine } from '../../server/src/rpyc/index';
import { LogLines } from './logLines';

function openAll(): number[] {
  const held: number[] = [];
  try {
    for (;;) held.push(openSync('/dev/null', 'r'));
  } catch {
    return held;
  }
}

async function failureOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'none';
  } catch (error) {
    const { name, code, cause } = error as ConnectError;
    return [name, code, (cause as NodeJS.ErrnoException).code].join(' ');
  }
}

function end(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined).once('close', () => resolve());
  });
}

async function main(): Promise<void> {
  const service = { module: path.join(__dirname, 'forkedServices.js'), export: 'ProcessService' };
  const log = new LogLines();
  await using server = new ForkingServer({ service, logger: log });
  await server.start();
  const machine = new SshMachine({ host: 'localhost', sshExecutable: process.execPath });
  // Node loads what these need, while it still can.
  await failureOf(connectSubproc(['/no/such/program']));
  await failureOf(machine.run(['true']));

  const held = openAll();
  const failures = [
    await failureOf(connectSubproc([process.execPath])),
    await failureOf(machine.run(['true'])),
  ];
  // Both ends of one client's connection.
  for (const descriptor of held.splice(0, 2)) closeSync(descriptor);
  await end(connect(server.port, '127.0.0.1').resume());
  const said = log.lines.filter((line) => /turned away/.test(line));
  for (const descriptor of held) closeSync(descriptor);

  const connection = await connectSubproc(
    [process.execPath, path.join(__dirname, 'hostedServices.js'), 'serve-parent'],
    { dialect: 'D' },
  );
  const sum: unknown = await connection.root['add']?.(42);
  await connection.close();
  process.stdout.write(JSON.stringify({ failures, said, sum, active: server.active }));
}

void main();
