/** What services of ours let real Python clients do, and what not. */
import assert from 'node:assert/strict';

import {
  AsyncResultTimeout,
  type Config,
  type Connection,
  classpartial,
  exposed,
  kwargs,
  Kwargs,
  type Netref,
  PythonError,
  restricted,
  Service,
  type ServiceClass,
  ThreadedServer,
} from '../../../server/src/rpyc/index';
import { eventually } from '../../support/poll';
import { runClient } from '../../support/pythonClient';
import type { RpycVersion } from '../../support/pythonPeer';
import { forEachVersion } from '../../support/rpycPeers';

/** Serves for as long as one Python client runs, which has the service's root as `r`. */
async function use(
  version: RpycVersion,
  service: ServiceClass | Service,
  code: string,
  protocolConfig: Partial<Config> = {},
): Promise<unknown> {
  await using server = new ThreadedServer({ service, protocolConfig });
  await server.start();
  return await runClient(version, server.port, `c = rpyc.connect('127.0.0.1', port)\nr = c.root\n${code}`);
}

/** An object of a service, with something to see and something to hide. */
class Account {
  balance = 100;
  readonly exposed_owner = 'ann';
  _pin = 1234;

  @exposed
  deposit(amount: number): number {
    this.balance += amount;
    return this.balance;
  }

  withdraw(amount: number): number {
    this.balance -= amount;
    return this.balance;
  }

  __enter__(): this {
    return this;
  }

  __exit__(): boolean {
    this.balance = 0;
    return true;
  }

  __len__(): number {
    return 7;
  }
}

class BankService extends Service {
  static override readonly aliases = ['bank', 'money'];
  readonly account = new Account();
  readonly exposed_account = this.account;
  readonly exposed_Account = Account;
  readonly plain = 'plain';
  count = 0;

  exposed_next(): number {
    return ++this.count;
  }

  exposed_pass(...args: readonly unknown[]): unknown {
    const named = args.at(-1);
    return named instanceof Kwargs ? [args.slice(0, -1), named.entries()] : [args, []];
  }
}

const TRY = `
def allowed(name, target): return refused(getattr, target, name)[0] == 'allowed'
names = ['deposit', 'exposed_deposit', 'owner', 'exposed_owner', 'balance', 'withdraw', '_pin', '__len__', 'constructor']
def seen(target): return [n for n in names if allowed(n, target)]
`;

forEachVersion('A Python client of our services', (version) => {
  it('has a service object of its own where a class is served, and a shared one where an object is', async () => {
    const code = `d = rpyc.connect('127.0.0.1', port)\nresult = [r.next(), r.next(), d.root.next()]`;
    assert.deepEqual(await use(version, BankService, code), [1, 2, 1]);
    assert.deepEqual(await use(version, new BankService(), code), [1, 2, 3]);
  });

  it('asks a service for its names, and calls it with keywords', async () => {
    const code = `result = [r.get_service_name(), r.get_service_aliases(), r.pass_(1) if 0 else getattr(r, 'pass')(1, a=2)]`;
    const result = await use(version, BankService, code);
    assert.deepEqual(result, ['BANK', ['BANK', 'MONEY'], [[1], [['a', 2]]]]);
  });

  it('gets a service that was made with arguments', async () => {
    class Greeter extends Service {
      constructor(
        private readonly greeting: string,
        private readonly mark: string,
      ) {
        super();
      }
      exposed_greet(name: string): string {
        return `${this.greeting} ${name}${this.mark}`;
      }
    }
    const service = classpartial(Greeter, 'hello', '!');
    const code = `result = [r.greet('bob'), r.get_service_name()]`;
    assert.deepEqual(await use(version, service, code), ['hello bob!', 'GREETER']);
  });

  it('makes objects of exposed classes, and uses what they expose', async () => {
    const code = `${TRY}
a = r.Account()
result = [seen(a), a.deposit(5), a.owner, r.account.deposit(1), len(a)]
with a as entered: result.append(entered.deposit(0))
result.append(a.deposit(0))
`;
    const visible = ['deposit', 'exposed_deposit', 'owner', 'exposed_owner', '__len__'];
    assert.deepEqual(await use(version, BankService, code), [visible, 105, 'ann', 101, 7, 105, 0]);
  });

  it('finds each key of the attribute policy honoured', async () => {
    const code = `${TRY}result = [seen(r.account) if allowed('account', r) else None, allowed('plain', r)]`;
    const tried: [Partial<Config>, unknown][] = [
      [
        { allow_public_attrs: true },
        [['deposit', 'exposed_deposit', 'owner', 'exposed_owner', 'balance', 'withdraw', '__len__'], true],
      ],
      [{ allow_safe_attrs: false }, [['deposit', 'exposed_deposit', 'owner', 'exposed_owner'], false]],
      [
        { safe_attrs: new Set(['__str__']) },
        [['deposit', 'exposed_deposit', 'owner', 'exposed_owner'], false],
      ],
      [{ allow_exposed_attrs: false, allow_all_attrs: false }, [null, false]],
      [
        { allow_exposed_attrs: false, allow_public_attrs: true },
        [['deposit', 'exposed_deposit', 'exposed_owner', 'balance', 'withdraw', '__len__'], true],
      ],
      [{ allow_getattr: false }, [null, false]],
      [{ exposed_prefix: 'pl' }, [null, true]],
    ];
    for (const [config, expected] of tried) {
      assert.deepEqual(await use(version, BankService, code, config), expected, JSON.stringify(config));
    }
    const all = (await use(version, BankService, code, { allow_all_attrs: true })) as readonly unknown[];
    assert.deepEqual(all, [
      ['deposit', 'exposed_deposit', 'owner', 'exposed_owner', 'balance', 'withdraw', '__len__'],
      true,
    ]);
  });

  it('never reaches what a service has for the library, whatever is allowed', async () => {
    const code = `
names = ['onConnect', 'onDisconnect', 'createConnection', 'constructor', '__proto__', '_rpyc_getattr', 'toString']
result = [refused(getattr, r, n)[0] for n in names] + [refused(setattr, r, 'count', 5)[0]]
`;
    const config = { allow_all_attrs: true, allow_setattr: true, allow_delattr: true };
    const refusals = Array.from({ length: 8 }, () => 'AttributeError');
    assert.deepEqual(await use(version, BankService, code, config), refusals);
  });

  it('sets and deletes attributes where that is allowed', async () => {
    const code = `
a = r.account
result = [
    refused(setattr, a, 'balance', 5)[0], refused(setattr, a, 'owner', 'bob')[0], a.deposit(0),
    refused(delattr, a, 'balance')[0], refused(a.deposit, 1)[1],
]
`;
    const writable = { allow_setattr: true, allow_public_attrs: true };
    assert.deepEqual(await use(version, BankService, code), [
      ...['AttributeError', 'AttributeError', 100, 'AttributeError', '101'],
    ]);
    assert.deepEqual(await use(version, BankService, code, writable), [
      ...['allowed', 'allowed', 5, 'AttributeError', '6'],
    ]);
    assert.deepEqual(await use(version, BankService, code, { ...writable, allow_delattr: true }), [
      ...['allowed', 'allowed', 5, 'allowed', 'nan'],
    ]);
  });

  it('gets what a class decides for itself, in place of the policy', async () => {
    class Vault {
      readonly log: unknown[] = [];
      _rpyc_getattr(name: string): unknown {
        this.log.push(`get ${name}`);
        if (name === 'later') return Promise.resolve('soon');
        if (name === 'call') return (value: unknown) => [value, ...this.log];
        throw new PythonError('AttributeError', [`no ${name} here`]);
      }
      _rpyc_setattr(name: string, value: unknown): void {
        this.log.push(`set ${name} ${String(value)}`);
      }
      async _rpyc_delattr(name: string): Promise<void> {
        await Promise.resolve();
        this.log.push(`delete ${name}`);
      }
    }
    class VaultService extends Service {
      readonly exposed_vault = new Vault();
      exposed_fake(): object {
        return { _rpyc_getattr: () => 'data that a peer has sent', exposed_x: 1 };
      }
      _rpyc_setattr(name: string, value: unknown): void {
        this.exposed_vault.log.push(`${name} of the service is ${String(value)}`);
      }
    }
    const code = `
v = r.vault
v.color = 'red'
del v.color
r.anything = 5
result = [v.later, refused(getattr, v, 'log'), v.call(1), refused(getattr, v, '_rpyc_getattr'), r.fake().x]
`;
    assert.deepEqual(await use(version, VaultService, code), [
      'soon',
      ['AttributeError', 'no log here'],
      [
        1,
        'set color red',
        'delete color',
        'anything of the service is 5',
        'get later',
        // Python asks twice for what is not there.
        'get log',
        'get log',
        'get call',
      ],
      ['AttributeError', 'no _rpyc_getattr here'],
      1,
    ]);
  });

  it('uses what a restricted object leaves it', async () => {
    const account = new Account();
    class Views extends Service {
      exposed_both = restricted(account, ['balance', 'withdraw']);
      exposed_readonly = restricted(account, ['balance', '__len__'], []);
      exposed_wrap(theirs: Netref): object {
        return restricted(theirs, ['name']);
      }
    }
    const code = `
class Mine: name = 'mine'; secret = 1
both, readonly = r.both, r.readonly
wrapped = rpyc.connect('127.0.0.1', port).root
both.balance = 50
result = [
    both.balance, both.withdraw(20), readonly.balance, readonly.__len__(),
    refused(setattr, readonly, 'balance', 1)[0], refused(getattr, both, 'deposit')[0],
    refused(getattr, both, 'exposed_owner')[0], refused(getattr, both, '_rpyc_getattr')[0],
    refused(getattr, r.wrap(Mine()), 'secret')[0],
]
`;
    const refusals = Array.from({ length: 5 }, () => 'AttributeError');
    assert.deepEqual(await use(version, Views, code), [50, 30, 30, 7, ...refusals]);
    assert.equal(account.balance, 30);
  });

  it('is told of events, and answers while its own call is open', async () => {
    class Monitor extends Service {
      readonly #listeners: Netref[] = [];
      exposed_listen(listener: Netref): void {
        this.#listeners.push(listener);
      }
      async exposed_change(value: number): Promise<readonly unknown[]> {
        return await Promise.all(
          this.#listeners.map(async (listener) => await listener(value, kwargs({ by: 'us' }))),
        );
      }
      async exposed_nest(call: Netref, depth: number): Promise<unknown> {
        return depth === 0 ? 'deep' : await call(depth - 1);
      }
    }
    const code = `
events = []
def on_change(value, by): events.append((value, by)); return len(events)
r.listen(on_change)
result = [r.change(7), r.change(8), events, (lambda f: f(f, 6))(lambda f, n: r.nest(lambda k: f(f, k), n))]
`;
    const result = await use(version, Monitor, code);
    assert.deepEqual(result, [
      [1],
      [2],
      [
        [7, 'us'],
        [8, 'us'],
      ],
      'deep',
    ]);
  });

  it('cannot keep a service waiting longer than its configuration says', async () => {
    class Impatient extends Service {
      async exposed_try(call: Netref): Promise<unknown> {
        try {
          return await call();
        } catch (error) {
          return error instanceof AsyncResultTimeout;
        }
      }
    }
    const code = `
import threading
gate = threading.Event()
bg = rpyc.BgServingThread(c)
result = r.try_it(lambda: gate.wait(20)) if hasattr(r, 'try_it') else getattr(r, 'try')(lambda: gate.wait(5))
gate.set()
`;
    // The client answers in its one serving thread, after the reply that it waits for could have come.
    class Patient extends Impatient {
      exposed_try_it(call: Netref): Promise<unknown> {
        return this.exposed_try(call);
      }
    }
    assert.equal(
      await use(version, Patient, code.replace('wait(20)', 'wait(0.5)'), { sync_request_timeout: 0.05 }),
      true,
    );
  });

  it('sees tracebacks and versions only as configured', async () => {
    class Failing extends Service {
      exposed_fail(): never {
        throw new Error('on purpose');
      }
    }
    const code = `
try: r.fail()
except Exception as e:
    result = ['exposed_fail' in str(e), hasattr(e, '_remote_version') and e._remote_version != '<version denied>', str(e).split('\\n')[0]]
`;
    const quiet = { include_local_traceback: false, include_local_version: false };
    const [told, version_, text] = (await use(version, Failing, code)) as readonly unknown[];
    // 4.0 knows nothing of versions.
    assert.deepEqual([told, version_, text], [true, !version.startsWith('4.0'), 'on purpose']);
    assert.deepEqual(await use(version, Failing, code, quiet), [false, false, 'on purpose']);
  });

  it('is let go of in order: before_closed, its open calls, then onDisconnect', async () => {
    const events: unknown[] = [];
    class Leaving extends Service {
      override onConnect(connection: Connection): void {
        events.push(typeof connection.config.connid);
      }
      override onDisconnect(connection: Connection): void {
        events.push(`gone ${String(connection.closed)}`);
      }
      exposed_hang(): Promise<unknown> {
        events.push('called');
        return new Promise(() => undefined);
      }
    }
    const beforeClosed = async (root: unknown): Promise<void> => {
      events.push(await (root as Record<string, () => Promise<unknown>>)['name']?.());
    };
    const server = new ThreadedServer({
      service: Leaving,
      protocolConfig: { before_closed: beforeClosed },
    });
    await server.start();
    const closed = eventually('the call is open', () => events.includes('called')).then(() => server.close());
    const code = `
class Client(rpyc.Service):
    def exposed_name(self): return 'their root'
c = rpyc.connect('127.0.0.1', port, service=Client)
result = refused(c.root.hang)[0]
`;
    assert.equal(await runClient(version, server.port, code), 'EOFError');
    await closed;
    assert.deepEqual(events, ['string', 'called', 'their root', 'gone true']);
  });
});
