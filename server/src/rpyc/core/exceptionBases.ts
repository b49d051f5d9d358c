/*
 * Which of Python's builtin exception classes derive from which: the part of the class hierarchy that a remote
 * exception's name alone tells.
 */

/** Each line: a base and the classes directly below it. */
const hierarchy: Readonly<Record<string, string>> = {
  BaseException: 'Exception GeneratorExit KeyboardInterrupt SystemExit BaseExceptionGroup',
  BaseExceptionGroup: 'ExceptionGroup',
  Exception:
    'ArithmeticError AssertionError AttributeError BufferError EOFError ExceptionGroup ImportError LookupError ' +
    'MemoryError NameError OSError ReferenceError RuntimeError StandardError StopAsyncIteration StopIteration ' +
    'SyntaxError SystemError TypeError ValueError Warning',
  ArithmeticError: 'FloatingPointError OverflowError ZeroDivisionError',
  ImportError: 'ModuleNotFoundError',
  LookupError: 'IndexError KeyError',
  NameError: 'UnboundLocalError',
  OSError:
    'BlockingIOError ChildProcessError ConnectionError FileExistsError FileNotFoundError InterruptedError ' +
    'IsADirectoryError NotADirectoryError PermissionError ProcessLookupError TimeoutError',
  ConnectionError: 'BrokenPipeError ConnectionAbortedError ConnectionRefusedError ConnectionResetError',
  RuntimeError: 'NotImplementedError PythonFinalizationError RecursionError',
  SyntaxError: 'IndentationError',
  IndentationError: 'TabError',
  ValueError: 'UnicodeError',
  UnicodeError: 'UnicodeDecodeError UnicodeEncodeError UnicodeTranslateError',
  Warning:
    'BytesWarning DeprecationWarning EncodingWarning FutureWarning ImportWarning PendingDeprecationWarning ' +
    'ResourceWarning RuntimeWarning SyntaxWarning UnicodeWarning UserWarning',
};

/** Other names that Python 3 has for `OSError`; in Python 2 they are classes. */
const aliases: ReadonlyMap<string, string> = new Map(
  ['IOError', 'EnvironmentError', 'WindowsError'].map((name) => [`builtins.${name}`, 'builtins.OSError']),
);

const basesByName = readHierarchy();

/** Whether the class `name` is `base` or derives from it, both with their module. */
export function isBuiltinSubclass(name: string, base: string): boolean {
  const wanted = aliases.get(base) ?? base;
  const start = aliases.get(name) ?? name;
  // Whatever can be raised derives from this one.
  if (wanted === 'builtins.BaseException' || start === wanted) return true;
  return (basesByName.get(start) ?? []).some((direct) => isBuiltinSubclass(direct, wanted));
}

function readHierarchy(): ReadonlyMap<string, readonly string[]> {
  const bases = new Map<string, string[]>();
  for (const [base, names] of Object.entries(hierarchy)) {
    for (const name of names.split(' ')) {
      const known = bases.get(`builtins.${name}`) ?? [];
      bases.set(`builtins.${name}`, [...known, `builtins.${base}`]);
    }
  }
  return bases;
}
