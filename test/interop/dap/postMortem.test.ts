import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Problem } from '../../../server/src/api/model';
import { ProblemError } from '../../../server/src/features/problem';
import { DapClient } from '../../support/dapClient';
import { Explorer } from '../../support/explorer';
import { eventually } from '../../support/poll';
import { type PythonPeer, RPYC_VERSIONS, startClassic, startPeer } from '../../support/pythonPeer';

const SETUP = `
class Moody(object):
    @property
    def mood(self):
        grudge = 7
        raise ValueError('angry')

moody = Moody()

def share(whole, parts):
    rest = whole * 2
    return rest / parts
`;

/** Calls that another classic server makes for the first one, and from there back. */
const CHAIN = (host: string, port: number): string => `
import rpyc
other = rpyc.classic.connect('${host}', ${port})
other.execute('''
def work(n):
    return 1 / n
def call(back):
    return back()
''')
def back():
    secret = 5
    return secret / 0
`;

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ProblemError, String(error));
  return error.problem;
}

for (const version of RPYC_VERSIONS) {
  describe(`a dead error in the debugger on rpyc ${version}`, function () {
    this.timeout(60_000);
    let server: PythonPeer;
    let explorer: Explorer;
    let client: DapClient;

    const fails = async (source: string): Promise<string> => {
      const { error } = await explorer.run(source);
      assert.ok(error?.failure !== undefined, error?.traceback);
      return error.failure;
    };

    const names = async (threadId = 1): Promise<readonly string[]> =>
      (await client.stack(threadId))
        // RPyC's own frames are there, and stand back.
        .filter(({ presentationHint }) => presentationHint !== 'subtle')
        .map(({ name, presentationHint }) => (presentationHint === 'label' ? `[${name}]` : name));

    const locals = async (at: number): Promise<Readonly<Record<string, string>>> => {
      const scope = await client.scope('Locals', (await client.stack())[at]?.id);
      const variables = await client.variables(scope.variablesReference);
      return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
    };

    before(async () => {
      server = await startClassic(version);
      explorer = await Explorer.connect(server);
      await explorer.run(SETUP);
      client = await DapClient.attach(explorer);
    });

    after(async () => {
      await client[Symbol.asyncDispose]();
      await explorer[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    it('is the one that was clicked, also after others', async () => {
      const first = await fails('share(21, 0)');
      await fails("raise KeyError('later')");
      await client.stand(first);
      assert.deepEqual(await names(), ['share', '<module>']);
      assert.deepEqual(await locals(0), { whole: '21', parts: '0', rest: '42' });
      const { result } = (
        await client.evaluateRequest({
          expression: 'rest // 4',
          context: 'repl',
          frameId: (await client.stack())[0]?.id ?? 0,
        })
      ).body;
      assert.equal(result, '10');
      await client.continueRequest({ threadId: 1 });
    });

    it('comes from a property that the tree has read, a call and a change', async () => {
      const { failure, message } = await problemOf(
        explorer.find('Namespace', 'moody', 'mood').then((row) => explorer.tree.read(row.handle)),
      );
      assert.match(message, /raised ValueError: angry/);
      await client.stand(failure);
      assert.deepEqual(await names(), ['mood']);
      assert.equal((await locals(0))['grudge'], '7');
      const { handle } = await explorer.find('Namespace', 'share');
      const called = await explorer.tree.changes.call({ handle, callId: 'c', source: '3, 0' });
      assert.ok(called.status === 'error');
      await client.stand(called.error.failure);
      assert.deepEqual(await names(), ['share']);
      assert.equal((await locals(0))['whole'], '3');
      const changed = await explorer.tree.changes.set({ handle, source: 'share(8, 0)' });
      assert.ok(changed.status === 'error');
      await client.stand(changed.error.failure);
      assert.equal((await locals(0))['whole'], '8');
      await client.continueRequest({ threadId: 1 });
    });

    it('has the errors that led to it as further threads', async () => {
      const failure = await fails(
        'def tidy():\n    try:\n        share(1, 0)\n    except ZeroDivisionError:\n        raise KeyError("rest")\ntidy()',
      );
      await client.stand(failure);
      const { threads } = (await client.threadsRequest()).body;
      assert.deepEqual(
        threads.map(({ name }) => name.split(':')[0]),
        ['builtins.KeyError', 'builtins.ZeroDivisionError'],
      );
      assert.deepEqual(await names(2), ['share', 'tidy']);
      await client.continueRequest({ threadId: 1 });
    });

    it('has the frames of both sides where it came through another program, and back', async () => {
      await using other = await startClassic(version);
      await explorer.run(CHAIN(other.host, other.port));
      await client.stand(await fails("other.namespace['work'](0)"));
      assert.deepEqual(await names(), [
        '[beyond “Lab”: the program that it asked]',
        'work',
        '[peer: “Lab”]',
        '<module>',
        '[editor: asked for this]',
      ]);
      const [, work] = await client.stack();
      const { variablesReference } = await client.scope('Variables', work?.id);
      const [remark] = await client.variables(variablesReference);
      assert.match(remark?.value ?? '', /^Only the text of this frame is known/);
      const typed = { expression: 'n', context: 'repl', frameId: work?.id ?? 0 };
      await assert.rejects(async () => client.evaluateRequest(typed), /Only the text/);
      await client.stand(await fails("other.namespace['call'](back)"));
      assert.deepEqual(
        (await names()).filter((name) => name !== '<lambda>'),
        [
          '[2 calls beyond “Lab”]',
          'back',
          '[beyond “Lab”: the program that it asked]',
          'call',
          '[peer: “Lab”]',
          '<module>',
          '[editor: asked for this]',
        ],
      );
      await client.continueRequest({ threadId: 1 });
    });

    it('is shown by its text, and says so, when newer errors took its place', async () => {
      const first = await fails('share(5, 0)');
      for (let count = 0; count < 10; count++) {
        await fails('share(6, 0)');
      }
      await client.stand(first);
      assert.match(client.printed('console'), /does not keep the frames of this error any more/);
      assert.deepEqual(await names(), ['share', '<module>']);
      await client.continueRequest({ threadId: 1 });
      await assert.rejects(async () => client.stand('999@p'), /not known any more: run again what failed/);
    });

    it('is in the file here that the path mapping tells, if it has the same text', async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'rpyc-mapping-'));
      const [there, here] = [path.join(folder, 'there'), path.join(folder, 'here')];
      await Promise.all([mkdir(there), mkdir(here)]);
      const text = 'def far(n):\n    return 1 / n\n';
      await writeFile(path.join(there, 'mapped.py'), text);
      await writeFile(path.join(here, 'mapped.py'), text);
      const pathMappings = [{ localRoot: here, remoteRoot: there }];
      const mapped = await DapClient.attach(explorer, 'p', { pathMappings });
      try {
        const failure = await fails(
          `import sys\nsys.path.insert(0, ${JSON.stringify(there)})\nimport mapped\nmapped.far(0)`,
        );
        await mapped.stand(failure);
        assert.deepEqual((await mapped.stack())[0]?.source, {
          name: 'mapped.py',
          path: path.join(here, 'mapped.py'),
        });
        await writeFile(path.join(here, 'mapped.py'), `# changed\n${text}`);
        await mapped.stand(failure);
        // The file at the peer has the same path as one here, since both are on this machine.
        const source = (await mapped.stack())[0]?.source;
        assert.match(source?.origin ?? '', /has another text$/);
        const { content } = (await mapped.sourceRequest({ sourceReference: source?.sourceReference ?? 0 }))
          .body;
        assert.equal(content, text);
        await assert.rejects(DapClient.attach(explorer, 'p', { pathMappings: [{ here }] }), /pathMappings/);
      } finally {
        await mapped[Symbol.asyncDispose]();
        await rm(folder, { recursive: true });
      }
    });

    it('keeps its frames no longer than the connection', async () => {
      await explorer.run('refs = []\nimport sys, gc\nsys.rpyc_refs = refs\ngc.disable()');
      const second = await Explorer.connect(server);
      try {
        await second.run(`class Big(object): pass
def hold():
    import sys, weakref
    big = Big()
    sys.rpyc_refs.append(weakref.ref(big))
    raise ValueError()
hold()`);
        assert.equal(await explorer.value('[ref() is None for ref in refs]'), '[False]');
      } finally {
        await second[Symbol.asyncDispose]();
      }
      await eventually(
        'the frames are gone',
        async () => (await explorer.value('[ref() is None for ref in refs]')) === '[True]',
      );
      await explorer.run('gc.enable()\ndel sys.rpyc_refs');
    });
  });

  describe(`a dead error of a strict service in the debugger on rpyc ${version}`, function () {
    this.timeout(60_000);

    it('is shown by the text of its traceback, and says so', async () => {
      await using server = await startPeer(version, 'open_service.py');
      const explorer = await Explorer.connect(server);
      const client = await DapClient.attach(explorer);
      try {
        await assert.rejects(client.evaluate('root.numbers[99999]'));
        await client.stand(undefined);
        assert.match(client.printed('console'), /is a service, which shows no frames/);
        const frames = await client.stack();
        assert.ok(frames.length > 0 && frames.every(({ line }) => line > 0));
        const { variablesReference } = await client.scope('Variables', frames[0]?.id);
        assert.match((await client.variables(variablesReference))[0]?.value ?? '', /not kept/);
      } finally {
        await client[Symbol.asyncDispose]();
        await explorer[Symbol.asyncDispose]();
      }
    });
  });
}
