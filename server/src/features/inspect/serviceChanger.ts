import type { CallSignature } from '../../api/changes';
import {
  type BrineValue,
  type Connection,
  Handler,
  type Netref,
  RemoteError,
  isNetref,
} from '../../rpyc/index';
import { errorOf } from '../run/runError';
import { isRefusal } from './accessPolicy';
import type { Entry } from './handleTable';
import { type LiteralArguments, readArguments, readLiteral } from './literal';
import type { Changed, ObjectChanger, Outcome, Place, Taken, Undo } from './objectChanger';
import { TextLimit, singleLine, valueText } from './preview';
import { typeNameOf, valueFacts } from './remoteRows';
import type { RowFacts } from './rows';
import type { ServiceResults } from './serviceResults';
import type { ServiceSource } from './serviceSource';
import {
  type PolicyFlag,
  blockedError,
  fixedError,
  policyError,
  serviceItselfError,
  undoneError,
} from './treeProblems';

/** The service may work on an answer for as long as it likes. */
const ENDLESS = { timeoutSeconds: null } as const;

/** What every service of RPyC answers to who wants to set or delete an attribute of it. */
const DENIAL = 'AttributeError: access denied';

/**
 * Changes objects of a strict service by plain requests, which its policy lets through or refuses. Values are
 * literals: nothing is evaluated.
 */
export class ServiceChanger implements ObjectChanger {
  /** @param label what the user calls the connection */
  constructor(
    private readonly connection: Connection,
    private readonly source: ServiceSource,
    private readonly results: ServiceResults,
    private readonly label: string,
  ) {}

  async set(entry: Entry, source: string): Promise<Outcome<Changed>> {
    this.refuseBlocked(entry);
    const value = readLiteral(source);
    const owner = await this.ownerOf(entry);
    const old = await this.oldValue(owner, entry.facts);
    return this.attempt('allow_setattr', async () => {
      await this.put(owner, entry.facts, value);
      return { ...undoOf(owner, entry.facts, old), after: textOf(value), facts: factsOf(entry, value) };
    });
  }

  async delete(entry: Entry): Promise<Outcome<Changed>> {
    const { parent, step } = entry;
    if (parent?.step.kind === 'root' && parent.step.name === 'results' && step.kind === 'attr') {
      this.results.delete(step.name);
      return { value: { before: entry.facts.value, after: '' } };
    }
    this.refuseBlocked(entry);
    const owner = await this.ownerOf(entry);
    const old = await this.oldValue(owner, entry.facts);
    return this.attempt('allow_delattr', async () => {
      if (step.kind === 'attr') {
        await this.request(Handler.delattr, [owner, step.name]);
        return { ...undoOf(owner, entry.facts, old), after: '' };
      }
      await this.callItem(owner, '__delitem__', [itemOf(entry.facts)]);
      if (step.kind === 'key') {
        return { ...undoOf(owner, entry.facts, old), after: '' };
      }
      // Putting an item back between others takes `insert`, which no policy lets through by itself.
      return { before: old === undefined ? '' : textOf(old.value), after: '' };
    });
  }

  async undo(undo: Undo): Promise<Outcome<undefined>> {
    if (undo.kind !== 'old') {
      throw undoneError();
    }
    return this.attempt('allow_setattr', async () => {
      await this.put(undo.owner, undo.place, undo.value);
      return undefined;
    });
  }

  async signature(entry: Entry): Promise<CallSignature> {
    // Signatures do not travel in RPyC; the documentation is in the row's hover.
    return Promise.resolve({ text: `${entry.facts.name}(…)`, accepts: 'literals' });
  }

  async call(entry: Entry, source: string): Promise<Outcome<RowFacts | undefined>> {
    this.refuseBlocked(entry);
    const args = readArguments(source);
    return this.attempt('exposed', async () => {
      const result = await this.callObject(entry, args);
      if (result === null || result === undefined) {
        return undefined;
      }
      const name = this.results.add(`${entry.facts.name}(${source.trim()})`, result);
      return valueFacts({ kind: 'attr', name }, name, result).facts;
    });
  }

  /** A service has no helper that could stop in time. */
  take(): Promise<Taken> {
    return Promise.reject(fixedError('Items are taken on classic connections only'));
  }

  private async callObject(
    { held, parent, step }: Entry,
    { values, named }: LiteralArguments,
  ): Promise<unknown> {
    if (held?.kind === 'netref') {
      return this.request(Handler.call, [held.netref, values, named]);
    }
    if (parent === undefined || step.kind !== 'attr') {
      throw fixedError();
    }
    const owner = await this.source.objectOf(parent);
    return this.request(Handler.callattr, [owner, step.name, values, named]);
  }

  /** What would only be refused is not asked for. */
  private refuseBlocked({ facts }: Entry): void {
    if (facts.blocked !== undefined) {
      throw blockedError(this.label, facts.name, facts.blocked);
    }
  }

  private async ownerOf({ parent, step }: Entry): Promise<Netref> {
    if (parent === undefined || step.kind === 'root') {
      throw fixedError();
    }
    return this.source.objectOf(parent);
  }

  /** What undo puts back; a value that may not be read cannot be put back. */
  private async oldValue(owner: Netref, place: Place): Promise<{ readonly value: unknown } | undefined> {
    try {
      return {
        value:
          place.step.kind === 'attr'
            ? await this.request(Handler.getattr, [owner, place.step.name])
            : await this.callItem(owner, '__getitem__', [itemOf(place)]),
      };
    } catch (error) {
      if (error instanceof RemoteError) {
        return undefined;
      }
      throw error;
    }
  }

  private async put(owner: Netref, place: Place, value: unknown): Promise<void> {
    await (place.step.kind === 'attr'
      ? this.request(Handler.setattr, [owner, place.step.name, value])
      : this.callItem(owner, '__setitem__', [itemOf(place), value]));
  }

  private callItem(owner: Netref, name: string, args: readonly unknown[]): Promise<unknown> {
    return this.request(Handler.callattr, [owner, name, args, []]);
  }

  private request(handler: Handler, args: readonly unknown[]): Promise<unknown> {
    return this.connection.request(handler, args, ENDLESS);
  }

  /** @param flag what the service would have to allow where its policy refuses */
  private async attempt<T>(flag: PolicyFlag, work: () => Promise<T>): Promise<Outcome<T>> {
    try {
      return { value: await work() };
    } catch (error) {
      if (!(error instanceof RemoteError)) {
        throw error;
      }
      if (isRefusal(error)) {
        throw policyError(this.label, flag, error.message);
      }
      if (error.typeName === 'AttributeError' && error.message === DENIAL && flag !== 'exposed') {
        const name = flag === 'allow_setattr' ? '_rpyc_setattr' : '_rpyc_delattr';
        throw serviceItselfError(this.label, name, error.message);
      }
      return { error: errorOf(error) };
    }
  }
}

function undoOf(
  owner: Netref,
  { step, key }: Place,
  old: { readonly value: unknown } | undefined,
): Pick<Changed, 'before' | 'undo'> {
  return old === undefined
    ? { before: '' }
    : {
        before: textOf(old.value),
        undo: {
          kind: 'old',
          owner,
          place: { step, ...(key === undefined ? {} : { key }) },
          value: old.value,
        },
      };
}

function factsOf({ step, facts }: Entry, value: BrineValue): RowFacts {
  const now = valueFacts(step, facts.name, value).facts;
  return {
    ...now,
    ...(facts.access === undefined ? {} : { access: { ...facts.access, callable: false } }),
    ...(facts.key === undefined ? {} : { key: facts.key }),
  };
}

function textOf(value: unknown): string {
  const text = isNetref(value) ? `<${typeNameOf(value)}>` : valueText(value as BrineValue, TextLimit.value);
  return singleLine(text, TextLimit.value);
}

/** What an item is found by. */
function itemOf({ step, key }: Place): unknown {
  if (step.kind === 'index') {
    return step.index;
  }
  if (step.kind !== 'key' || key === undefined) {
    throw fixedError();
  }
  return key.value;
}
