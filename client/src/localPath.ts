/**
 * Whether a peer's path may be looked for here: absolute, and not `//server/share`, for which Windows would log in at the
 * server that the peer names.
 */
export function isLocalPath(file: string): boolean {
  return /^(?:\/(?![\\/])|[A-Za-z]:[\\/])/.test(file);
}
