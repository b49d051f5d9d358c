/*
 * The way to a peer through an SSH tunnel, for `ssh_connect` of rpyc/utils/factory.py.
 */

import { describeEndpoint } from '../core/stream';
import type { ConnectOptions } from './connectOptions';
import { type SshMachine, TunneledSocketStream } from './ssh';
import type { Way } from './ways';

/** Options of `sshConnect`. */
export interface SshConnectOptions extends ConnectOptions {
  /** Host of the server as the machine sees it; `localhost`, the machine itself, by default. */
  readonly remoteHost?: string | undefined;
}

/** @param remotePort a TCP port, or the path of a Unix socket of the machine */
export function sshWay(
  machine: SshMachine,
  remotePort: number | string,
  { signal, onStage, remoteHost = 'localhost' }: SshConnectOptions,
): Way {
  if (typeof remotePort === 'string') return socketWay(machine, remotePort, { signal, onStage });
  const where = `${describeEndpoint(remoteHost, remotePort)} through ${machine.description}`;
  return {
    where,
    open: async () => {
      onStage?.('connect');
      return new TunneledSocketStream(await machine.tunnel(remoteHost, remotePort, { signal }), where);
    },
  };
}

interface SocketWayOptions {
  readonly signal: AbortSignal | undefined;
  readonly onStage: ConnectOptions['onStage'] | undefined;
  readonly pythonExecutable?: string | readonly string[] | undefined;
}

/** To a Unix socket of the machine. */
export function socketWay(
  machine: SshMachine,
  path: string,
  { signal, onStage, pythonExecutable }: SocketWayOptions,
): Way {
  const where = `${path} on ${machine.description}`;
  return {
    where,
    open: async () => {
      onStage?.('connect');
      const tunnel = await machine.tunnelToSocket(path, { signal, pythonExecutable });
      return new TunneledSocketStream(tunnel, where);
    },
  };
}
