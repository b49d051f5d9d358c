/** What a debug session says, and small shapes of the protocol. */
import type { DebugProtocol } from '@vscode/debugprotocol';

import type { PathMapping, PeerInfo, RunError } from '../api/model';
import { checkPathMappings } from '../api/pathMapping';
import type { Completion } from '../features/console/remoteConsole';
import { type Reply, ShownError } from './dispatcher';

/** Of a frame that a traceback told. */
export const NOT_KEPT = 'Only the text of this frame is known: its variables are not kept.';

export function nothingStopped(label: string): string {
  return `Nothing stands still on “${label}”: this console runs what you type, and steps through nothing.`;
}

/** What the user wrote. @throws ShownError where they are no mappings */
export function mappingsOf(value: unknown = []): readonly PathMapping[] {
  const checked = checkPathMappings(value);
  if ('fault' in checked) {
    throw new ShownError(`The attribute “pathMappings” ${checked.fault.rule}`);
  }
  return checked.mappings;
}

/** What a console says before anything is typed in it. */
export function greeting({ service, pythonVersion }: PeerInfo, label: string): string {
  if (service !== 'classic') {
    return `“${label}”: expressions over root, its root service, such as root.name or row = root.table(3)[0].`;
  }
  const python = pythonVersion === undefined ? 'Python' : `Python ${pythonVersion}`;
  return `${python} of “${label}”: what you type runs in its namespace.`;
}

export function errorText({ traceback, typeName, message }: RunError): string {
  return traceback === '' ? `${typeName}: ${message}` : traceback.trimEnd();
}

export function unverified({ breakpoints = [] }: DebugProtocol.SetBreakpointsArguments): Reply {
  const message = 'A debug console stops nowhere';
  return { body: { breakpoints: breakpoints.map(({ line }) => ({ verified: false, line, message })) } };
}

export function completionType(kind: Completion['kind']): DebugProtocol.CompletionItemType {
  switch (kind) {
    case 'keyword':
    case 'module':
    case 'class':
    case 'function':
    case 'method':
    case 'property':
      return kind;
    case 'exception':
      return 'class';
    default:
      return 'variable';
  }
}
