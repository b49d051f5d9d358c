/** Who calls: one connection of a peer. */
export interface CallSource {
  /** As the user knows the peer. */
  readonly label: string;
  /** Aborted when the connection is gone. */
  readonly gone: AbortSignal;
  /** Asked at each call: what is taken back is refused at once. */
  readonly allows: (name: string) => boolean;
}

/** Answers calls. Its code is loaded with the first one. */
export interface CallAnswerer {
  /** @throws PythonError for the peer */
  call(source: CallSource, name: string, args: readonly unknown[]): Promise<unknown>;
}
