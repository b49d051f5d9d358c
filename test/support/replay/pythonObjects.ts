/** Objects of the side that we play which answer as the Python objects of the recordings did. */
import { PythonError } from '../../../server/src/rpyc/core/errors';
import { type Exposed, exposure } from '../../../server/src/rpyc/core/exposure';
import { Service } from '../../../server/src/rpyc/core/service';

type Method = (...args: readonly unknown[]) => unknown;

/** Methods without documentation in Python 3.11; all others of the lists below have some. */
const undocumented = new Set([
  '_checkClosed',
  '_checkReadable',
  '_checkSeekable',
  '_checkWritable',
  '__enter__',
  '__setstate__',
]);

const OBJECT = '__getstate__ __subclasshook__ __init_subclass__ __format__ __sizeof__';
const TEXT_STREAM =
  `${OBJECT} __iter__ __next__ seek tell truncate flush close seekable readable writable _checkClosed ` +
  '_checkSeekable _checkReadable _checkWritable fileno isatty __enter__ readline readlines writelines detach read write';

/** An object with methods. Each time one is read it is a new object, as in Python. */
abstract class PythonObject {
  /** Names of the class's methods in Python's order. The recordings have `doc` for every documentation. */
  protected abstract readonly methodNames: string;
  protected abstract method(name: string): Method | undefined;

  [exposure](): Exposed {
    const names = this.methodNames.split(' ');
    return {
      exposedNames: names,
      exposedText: 'an object',
      exposedMember: (name) => {
        const method = this.method(name);
        return method && { value: (...args: readonly unknown[]) => method(...args) };
      },
      inspectedMethods: names.map((name) => [name, undocumented.has(name) ? null : 'doc'] as const),
    };
  }
}

/** Its name is what the peer is told. */
class PythonList extends PythonObject {
  protected readonly methodNames = `${OBJECT} __len__ __getitem__ append`;

  constructor(private readonly items: readonly unknown[]) {
    super();
  }

  protected method(name: string): Method | undefined {
    return { __len__: (): unknown => this.items.length, append: () => null }[name];
  }
}

class StringIO extends PythonObject {
  protected readonly methodNames = `${TEXT_STREAM} getvalue __setstate__`;
  private readonly lines: string[];
  text = '';

  constructor(input = '') {
    super();
    this.lines = input.split(/(?<=\n)/);
  }

  protected method(name: string): Method | undefined {
    switch (name) {
      case 'write':
        return (text) => {
          this.text += String(text);
          return String(text).length;
        };
      case 'readline':
        return () => this.lines.shift() ?? '';
      case 'flush':
        return () => null;
      case 'fileno':
        return () => {
          throw new PythonError('UnsupportedOperation', ['fileno'], 'io');
        };
      default:
        return undefined;
    }
  }
}

class TextIOWrapper extends PythonObject {
  protected readonly methodNames = `${TEXT_STREAM} reconfigure`;

  protected method(): undefined {
    return undefined;
  }
}

class PythonDict extends PythonObject {
  protected readonly methodNames = `${OBJECT} keys __getitem__`;

  constructor(private readonly entries: ReadonlyMap<unknown, unknown>) {
    super();
  }

  protected method(name: string): Method | undefined {
    switch (name) {
      case 'keys':
        return () => new DictKeys(this.entries);
      case '__getitem__':
        return (key) => this.entries.get(key);
      default:
        return undefined;
    }
  }
}

class DictKeys extends PythonObject {
  protected readonly methodNames =
    `${OBJECT} __iter__ __sub__ __rsub__ __and__ __rand__ __xor__ __rxor__ __or__ __ror__ __len__ __contains__ ` +
    'isdisjoint __reversed__';

  constructor(private readonly entries: ReadonlyMap<unknown, unknown>) {
    super();
  }

  protected method(name: string): Method | undefined {
    return name === '__iter__' ? () => new DictKeyIterator(this.entries) : undefined;
  }
}

class DictKeyIterator extends PythonObject {
  protected readonly methodNames = `${OBJECT} __iter__ __next__ __length_hint__`;
  private readonly keys: unknown[];

  constructor(entries: ReadonlyMap<unknown, unknown>) {
    super();
    this.keys = [...entries.keys()];
  }

  protected method(name: string): Method | undefined {
    switch (name) {
      case '__iter__':
        return () => this;
      case '__length_hint__':
        return () => this.keys.length;
      case '__next__':
        return () => {
          if (this.keys.length === 0) throw new PythonError('StopIteration');
          return this.keys.shift();
        };
      default:
        return undefined;
    }
  }
}

/** The class `ValueError` itself. */
class ValueErrorClass extends PythonObject {
  protected readonly methodNames =
    `${OBJECT} __call__ __or__ __ror__ mro __subclasses__ __prepare__ __subclasscheck__ __setstate__ ` +
    'with_traceback add_note';

  protected method(): undefined {
    return undefined;
  }
}

/** An object of which the peer only has to know that it is there. */
class OpaqueObject extends PythonObject {
  protected readonly methodNames = OBJECT;

  protected method(): undefined {
    return undefined;
  }
}
class PythonModule extends OpaqueObject {}
class PythonClass extends OpaqueObject {}
class Traceback extends OpaqueObject {}

/** The root that a client of 3.x offers: what the peer takes for its shortcuts. */
class SlaveStandIn extends Service {
  private readonly namespace = new PythonDict(new Map());

  override [exposure](): Exposed {
    const nothing = (): null => null;
    const members = new Map<string, unknown>([
      ['getmodule', () => new PythonModule()],
      ['eval', () => nothing()],
      ['execute', () => nothing()],
      ['namespace', this.namespace],
    ]);
    return {
      exposedNames: [...members.keys()],
      exposedText: 'a slave',
      exposedMember: (name) => (members.has(name) ? { value: members.get(name) } : undefined),
      inspectedMethods: [['getmodule', 'doc']],
    };
  }
}

// A peer is told the name of an object's class: these are Python's.
const names: readonly (readonly [object, string])[] = [
  [PythonList, 'list'],
  [PythonDict, 'dict'],
  [DictKeys, 'dict_keys'],
  [DictKeyIterator, 'dict_keyiterator'],
  [ValueErrorClass, 'ValueError'],
  [PythonModule, 'module'],
  [PythonClass, 'type'],
  [Traceback, 'traceback'],
  [SlaveStandIn, 'SlaveService'],
];
for (const [made, name] of names) Object.defineProperty(made, 'name', { value: name });

export {
  PythonClass,
  PythonDict,
  PythonList,
  SlaveStandIn,
  StringIO,
  TextIOWrapper,
  Traceback,
  ValueErrorClass,
};
