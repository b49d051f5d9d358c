/** A program that serves by child processes, for tests that end it from outside. */
import path from 'node:path';

import { ForkingServer } from '../../server/src/rpyc/index';

async function main(): Promise<void> {
  const service = { module: path.join(__dirname, 'forkedServices.js'), export: 'ProcessService' };
  const server = new ForkingServer({ service });
  await server.start();
  process.stdout.write(`${JSON.stringify({ port: server.port })}\n`);
}

void main();
