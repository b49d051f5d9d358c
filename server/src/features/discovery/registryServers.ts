/** The registries that this process can run. Loaded when one is started. */
import {
  type RegistryServer,
  type RegistryServerOptions,
  TCPRegistryServer,
  UDPRegistryServer,
} from '../../rpyc/index';

export function createRegistry(mode: 'udp' | 'tcp', options: RegistryServerOptions): RegistryServer {
  return mode === 'udp' ? new UDPRegistryServer(options) : new TCPRegistryServer(options);
}
