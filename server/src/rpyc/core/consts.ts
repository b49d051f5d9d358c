/*
 * Numbers that travel on the wire, after rpyc/core/consts.py of RPyC 4.0 to 6.0.
 */

/** What a message is, as on the wire. */
export const MessageType = { request: 1, reply: 2, exception: 3 } as const;
export type MessageType = (typeof MessageType)[keyof typeof MessageType];

export const Label = { value: 1, tuple: 2, localRef: 3, remoteRef: 4 } as const;
export type Label = (typeof Label)[keyof typeof Label];

/** What one side may ask of the other. */
export const Handler = {
  ping: 1,
  close: 2,
  getroot: 3,
  getattr: 4,
  delattr: 5,
  setattr: 6,
  call: 7,
  callattr: 8,
  repr: 9,
  str: 10,
  cmp: 11,
  hash: 12,
  dir: 13,
  pickle: 14,
  del: 15,
  inspect: 16,
  buffiter: 17,
  oldslicing: 18,
  ctxexit: 19,
  instancecheck: 20,
} as const;
export type Handler = (typeof Handler)[keyof typeof Handler];

const handlerNames: ReadonlyMap<number, string> = new Map(
  Object.entries(Handler).map(([name, number]) => [number, name]),
);

/** The name of a handler for logs, `handler 99` where the number means nothing. */
export function handlerName(handler: number): string {
  return handlerNames.get(handler) ?? `handler ${handler}`;
}

/** TCP port of classic servers (`rpyc.classic.DEFAULT_SERVER_PORT`). */
export const DEFAULT_PORT = 18812;
/** TCP port of classic servers that speak TLS (`rpyc.classic.DEFAULT_SERVER_SSL_PORT`). */
export const DEFAULT_SSL_PORT = 18821;
/** UDP and TCP port of registries (`rpyc.utils.registry.REGISTRY_PORT`). */
export const DEFAULT_REGISTRY_PORT = 18811;

/** A payload longer than this is compressed, one of exactly this length is not. */
export const COMPRESSION_THRESHOLD = 3000;
export const COMPRESSION_LEVEL = 1;
