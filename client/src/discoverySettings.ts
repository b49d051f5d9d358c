import * as vscode from 'vscode';
import { MAX_NAMES, MAX_REGISTRIES, checkRegistry } from '../../server/src/api/discovery';
import { isServiceName } from '../../server/src/api/transport';
import type { RegistryAddress, ServiceSearchParams } from '../../server/src/api/discovery';

const REGISTRIES = 'rpyc.registries';
const NAMES = 'rpyc.discovery.names';
const BROADCAST = 'rpyc.discovery.broadcast';
const CHECK = 'rpyc.discovery.checkServers';
const REFRESH = 'rpyc.discovery.refreshSeconds';

/** A timer that asks more often than this would be a nuisance to the network. */
const SHORTEST_REFRESH_SECONDS = 5;

/** What the user wrote about registries. Workspace settings are no part of it: they may be a stranger's. */
export class DiscoverySettings {
  get search(): ServiceSearchParams {
    const names = list(NAMES).filter(isServiceName).slice(0, MAX_NAMES);
    return { registries: this.registries, broadcast: value(BROADCAST) !== false, names };
  }

  get registries(): readonly RegistryAddress[] {
    return list(REGISTRIES)
      .flatMap((each) => checkRegistry(each) ?? [])
      .slice(0, MAX_REGISTRIES);
  }

  get checksServers(): boolean {
    return value(CHECK) !== false;
  }

  /** Zero for never. */
  get refreshSeconds(): number {
    const seconds = value(REFRESH);
    return typeof seconds === 'number' && seconds > 0 ? Math.max(SHORTEST_REFRESH_SECONDS, seconds) : 0;
  }

  async addRegistry(added: RegistryAddress): Promise<void> {
    const same = ({ mode, host, port }: RegistryAddress): boolean =>
      mode === added.mode && host === added.host && port === added.port;
    if (!this.registries.some(same)) {
      await write(REGISTRIES, [...list(REGISTRIES), added]);
    }
  }

  /** The newest name last; of too many the oldest goes. */
  async rememberName(name: string): Promise<void> {
    const others = list(NAMES).filter(
      (each) => !isServiceName(each) || each.toUpperCase() !== name.toUpperCase(),
    );
    await write(NAMES, [...others, name].slice(-MAX_NAMES));
  }

  /** Others are asked from now on. */
  affectsSearch(event: vscode.ConfigurationChangeEvent): boolean {
    return [REGISTRIES, BROADCAST].some((each) => event.affectsConfiguration(each));
  }

  affectsRefresh(event: vscode.ConfigurationChangeEvent): boolean {
    return event.affectsConfiguration(REFRESH);
  }
}

function value(name: string): unknown {
  return vscode.workspace.getConfiguration().get<unknown>(name);
}

function list(name: string): readonly unknown[] {
  const found = value(name);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

async function write(name: string, now: readonly unknown[]): Promise<void> {
  await vscode.workspace.getConfiguration().update(name, now, vscode.ConfigurationTarget.Global);
}
