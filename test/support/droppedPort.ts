/** A port whose connections nobody answers, as behind a firewall that drops them. */
import { TestProcess } from './childProcess';
import { eventually } from './poll';

/**
 * A listener that takes nobody. Once its queue is full, the system drops the first packet of whoever else comes, as a
 * firewall does: it looks the same from outside, and needs no privilege.
 */
const LISTENER = `
import socket, sys, time
listener = socket.socket()
listener.bind(('127.0.0.1', 0))
listener.listen(0)
address = listener.getsockname()
waiting = []
while True:
    client = socket.socket()
    client.settimeout(0.5)
    try:
        client.connect(address)
    except socket.timeout:
        break
    waiting.append(client)
print(address[1], flush=True)
time.sleep(3600)
`;

export interface DroppedPort extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

export async function droppedPort(): Promise<DroppedPort> {
  const child = new TestProcess('/usr/bin/python3', ['-c', LISTENER]);
  const port = await eventually('the queue of the port is full', () => {
    if (child.hasEnded) throw new Error(child.stderr);
    return child.stdout.endsWith('\n') && Number(child.stdout);
  });
  return {
    host: '127.0.0.1',
    port,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
