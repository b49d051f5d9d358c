/** Every waiting time and every bound of the pool. */
export interface PoolTimings {
  /** Budget of each stage of connecting. */
  readonly stageSeconds: number;
  /** How long a program that is started here may take until it speaks. */
  readonly startSeconds: number;
  /** How long SSH may take to reach a host, through any jump hosts, and to log in. */
  readonly loginSeconds: number;
  /** How long a registry that a profile names may take to answer; a broadcast takes a time of its own. */
  readonly registrySeconds: number;
  /** A connection that has been silent for so long is asked whether its peer is still there. */
  readonly pingSeconds: number;
  /** How long the answer may take before the peer counts as gone. */
  readonly pingTimeoutSeconds: number;
  /** The second connection of a profile is closed after so long without a run. */
  readonly idleSeconds: number;
  /** First and longest pause between two attempts to reconnect; it doubles in between. */
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  /** Sockets that may be open to one endpoint at the same time. */
  readonly connectionsPerEndpoint: number;
  /** How long a connection waits for a free place at its endpoint. */
  readonly placeSeconds: number;
  /** Explorations that are on their way to one connection at the same time. */
  readonly leasesPerConnection: number;
}

export const DEFAULT_TIMINGS: PoolTimings = {
  stageSeconds: 4,
  startSeconds: 15,
  loginSeconds: 15,
  registrySeconds: 2,
  pingSeconds: 15,
  pingTimeoutSeconds: 10,
  idleSeconds: 300,
  firstRetryMs: 500,
  // Whoever waits for a server that comes back does not wait for longer than 5 s after it.
  maxRetryMs: 4000,
  connectionsPerEndpoint: 64,
  placeSeconds: 5,
  leasesPerConnection: 16,
};
