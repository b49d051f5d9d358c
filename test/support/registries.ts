/** What the tests of registries share: our two kinds of each side, and waiting for what a registry tells. */
import {
  type RegistryClient,
  type RegistryServer,
  type ServerAddress,
  TCPRegistryClient,
  type TCPRegistryServerOptions,
  TCPRegistryServer,
  UDPRegistryClient,
  UDPRegistryServer,
} from '../../server/src/rpyc/index';
import { eventually } from './poll';

export const REGISTRY_MODES = ['UDP', 'TCP'] as const;
export type RegistryMode = (typeof REGISTRY_MODES)[number];

/** Long enough for a loaded machine; an answer ends the wait. */
export const PATIENT_SECONDS = 20;

export interface ClientSettings {
  readonly ip?: string;
  readonly timeout?: number;
}

export function registryClient(
  mode: RegistryMode,
  port: number,
  settings: ClientSettings = {},
): RegistryClient {
  const options = { ip: '127.0.0.1', timeout: PATIENT_SECONDS, ...settings, port };
  return mode === 'UDP' ? new UDPRegistryClient(options) : new TCPRegistryClient(options);
}

/** A registry of ours, together with what it told: `+NAME host:port` and `-NAME host:port`. */
export class ToldRegistry implements AsyncDisposable {
  readonly told: string[] = [];

  private constructor(
    readonly mode: RegistryMode,
    readonly server: RegistryServer,
  ) {}

  static async start(mode: RegistryMode, settings: TCPRegistryServerOptions = {}): Promise<ToldRegistry> {
    const note =
      (sign: string) =>
      (name: string, [host, port]: ServerAddress) => {
        registry.told.push(`${sign}${name} ${host}:${port}`);
      };
    const options = {
      host: '127.0.0.1',
      port: 0,
      allowListing: true,
      onServiceAdded: note('+'),
      onServiceRemoved: note('-'),
      ...settings,
    };
    const server = mode === 'UDP' ? new UDPRegistryServer(options) : new TCPRegistryServer(options);
    const registry = new ToldRegistry(mode, server);
    await server.start();
    return registry;
  }

  get port(): number {
    return this.server.port;
  }

  async tells(...lines: readonly string[]): Promise<void> {
    await eventually(`the registry tells ${lines.join(', ')}`, () =>
      lines.every((line) => this.told.includes(line)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}
