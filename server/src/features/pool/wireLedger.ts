import { ActionCosts } from './actionCosts';
import { OpenConnections } from './openConnections';

/** What is known of all connections beside their states: what they are used for, and what is open. */
export class WireLedger {
  readonly costs = new ActionCosts();
  readonly connections = new OpenConnections();
}
