/*
 * What references ask of their connection, as that shows it to them: the values of this moment.
 */

import type { Config } from './config';
import type { Dialect } from './dialect';
import type { ReferenceHost } from './reference';

export interface HostView extends Pick<ReferenceHost, 'request' | 'giveBack'> {
  readonly config: () => Config;
  readonly dialect: () => Dialect | undefined;
  readonly peerPython: () => 2 | 3 | undefined;
}

export function connectionHost({ config, dialect, peerPython, request, giveBack }: HostView): ReferenceHost {
  return {
    get config() {
      return config();
    },
    get dialect() {
      return dialect();
    },
    get peerPython() {
      return peerPython();
    },
    request,
    giveBack,
  };
}
