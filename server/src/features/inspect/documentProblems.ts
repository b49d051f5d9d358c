/** Why a row does not become a document, told to the user. */
import { ProblemError } from '../problem';

/** The path leads through something that only running code would tell. */
export function readFirstError(name: string): ProblemError {
  return new ProblemError({
    code: 'ERR_UNREAD',
    message: `“${name}” was not read yet: click its row to read it, and try again.`,
  });
}

/** A root of the tree is a list of names, not a value. */
export function wholeObjectError(name: string): ProblemError {
  return new ProblemError({
    code: 'ERR_NO_DOCUMENT',
    message: `“${name}” stands for many objects: choose one of the rows under it.`,
  });
}

/** The code is not Python, or its file cannot be read. */
export function noSourceError(detail: string): ProblemError {
  return new ProblemError({
    code: 'ERR_NO_SOURCE',
    message: `There is no Python source to show: ${detail}. Try the module, or the class that it belongs to.`,
    detail,
  });
}

/** No import statement gives the object. */
export function noImportError(detail: string): ProblemError {
  return new ProblemError({
    code: 'ERR_NO_IMPORT',
    message: `No import line leads to this: ${detail}. Use Copy Expression instead.`,
    detail,
  });
}

/** A strict service gives away no files. */
export function strictSourceError(label: string): ProblemError {
  return new ProblemError({
    code: 'ERR_NO_SOURCE',
    message: `The service at “${label}” gives its methods to its clients, but not its source: look for the file on its machine, or connect to a classic server there.`,
  });
}

/** A strict service imports nothing for its clients. */
export function strictImportError(label: string): ProblemError {
  return new ProblemError({
    code: 'ERR_NO_IMPORT',
    message: `“${label}” is a service, and imports nothing for its clients: use the methods that it offers.`,
  });
}

/** A reference has no form as JSON that would not have to be read piece by piece. */
export function strictJsonError(label: string, typeName: string): ProblemError {
  return new ProblemError({
    code: 'ERR_NO_DOCUMENT',
    message: `The service at “${label}” gives this ${typeName === '' ? 'object' : `“${typeName}”`} by reference only, and JSON is made of plain values: open the row and copy the plain values in it, or use Copy Value.`,
  });
}
