import type { RemoteFrame, RunError } from '../../api/model';
import type { RemoteError } from '../../rpyc/index';
import { asCount, asLine, asLines, asText, asTuple } from '../inspect/rows';

/** Characters of what is shown of an exception. */
const ErrorLimit = { type: 200, message: 10_000, traceback: 64_000, file: 1000, frames: 200 } as const;

/** What a peer raised. */
export interface PeerError extends RunError {
  /** Under which the helper keeps it, where it does. */
  readonly number?: number;
}

/** `(type, message, traceback, frames, number)` of the helper; the number may be left out. */
export function readError(value: unknown): PeerError {
  const [typeName, message, traceback, frames, kept] = asTuple(value, 'error');
  const number = kept === undefined ? 0 : asCount(kept, 'number');
  return {
    ...(number === 0 ? {} : { number }),
    typeName: asLine(typeName, ErrorLimit.type),
    message: asLines(message, ErrorLimit.message),
    traceback: asLines(traceback, ErrorLimit.traceback),
    frames: readFrames(frames),
  };
}

/** `((file, line, name), ...)` of the helper. */
export function readFrames(value: unknown): readonly RemoteFrame[] {
  return asTuple(value, 'list of frames')
    .slice(0, ErrorLimit.frames)
    .map((frame) => {
      const [file, line, name] = asTuple(frame, 'frame');
      return {
        file: asText(file, 'file').slice(0, ErrorLimit.file),
        line: asCount(line, 'line'),
        name: asLine(name, ErrorLimit.type),
      };
    });
}

/** What a peer without the helper raised. */
export function errorOf({ module, typeName, message, remoteTraceback, frames }: RemoteError): RunError {
  // The library puts the class before the message.
  const at = message.indexOf(': ');
  return {
    typeName: asLine(module === '' ? typeName : `${module}.${typeName}`, ErrorLimit.type),
    message: asLines(at < 0 ? '' : message.slice(at + 2), ErrorLimit.message),
    traceback: asLines(remoteTraceback, ErrorLimit.traceback),
    frames: frames.slice(0, ErrorLimit.frames).map(({ file, line, name }) => ({
      file: file.slice(0, ErrorLimit.file),
      line,
      name: asLine(name, ErrorLimit.type),
    })),
  };
}
