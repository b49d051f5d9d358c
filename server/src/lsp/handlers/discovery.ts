import {
  CheckServers,
  LocalServersChanged,
  SearchServices,
  StartDemo,
  StartRegistry,
  StopDemo,
  StopRegistry,
} from '../../api/messages';
import type { ProblemContext } from '../../features/connectSentences';
import type { LocalServerKeeper } from '../../features/discovery/localServers';
import { reachOf } from '../../features/discovery/reach';
import type { ServiceSearch } from '../../features/discovery/serviceSearch';
import type { MessageEdge } from '../edge';

/** The search for services, and the registry and the demo server of this process. */
export function handleDiscovery(edge: MessageEdge, search: ServiceSearch, local: LocalServerKeeper): void {
  const about = (): ProblemContext => ({});
  edge.onRequest(SearchServices, about, (params, signal) => search.search(params, signal));
  edge.onRequest(CheckServers, about, ({ addresses }, signal) => reachOf(addresses, signal));
  edge.onRequest(StartRegistry, about, (address) => local.startRegistry(address));
  edge.onRequest(StopRegistry, about, () => local.stopRegistry());
  edge.onRequest(StartDemo, about, ({ port }) => local.startDemo(port));
  edge.onRequest(StopDemo, about, () => local.stopDemo());
  local.onDidChange((state) => edge.notify(LocalServersChanged, state));
}
