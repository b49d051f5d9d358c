/** Requests that wait for those before them, and those that must not. */
import assert from 'node:assert/strict';

import {
  type Connection,
  connectStream,
  ErrorCode,
  PipeStream,
  Service,
} from '../../../../server/src/rpyc/index';
import { deferred } from '../../../../server/src/rpyc/lib/deferred';

class Host extends Service {
  readonly gate = deferred<undefined>();
  readonly asked: unknown[] = [];

  async exposed_wait(name: unknown): Promise<unknown> {
    this.asked.push(name);
    await this.gate.promise;
    return name;
  }
}

async function connected(): Promise<{ client: Connection; host: Host }> {
  const [left, right] = PipeStream.createPair();
  const host = new Host();
  await connectStream(right, { service: host, dialect: 'D' });
  const client = await connectStream(left, { dialect: 'D', serialCalls: true });
  await client.fetchRoot();
  return { client, host };
}

function wait(client: Connection, name: string): Promise<unknown> {
  return Promise.resolve(client.root['wait']?.(name));
}

describe('Calls that take turns', () => {
  it('are sent when those before them are answered, while pings go out at once', async () => {
    const { client, host } = await connected();
    const calls = ['a', 'b', 'c'].map((name) => wait(client, name));
    await client.ping();
    await client.ping();
    assert.deepEqual(host.asked, ['a']);
    host.gate.resolve(undefined);
    assert.deepEqual(await Promise.all(calls), ['a', 'b', 'c']);
    assert.deepEqual(host.asked, ['a', 'b', 'c']);
    await client.close();
  });

  it('go on after one that failed', async () => {
    const { client, host } = await connected();
    host.gate.resolve(undefined);
    const missing = Promise.resolve(client.root['missing']?.());
    const call = wait(client, 'a');
    await assert.rejects(missing, { typeName: 'AttributeError' });
    assert.equal(await call, 'a');
    await client.close();
  });

  it('are not sent any more once they are cancelled, or the connection is closed', async () => {
    const { client, host } = await connected();
    const closed = [wait(client, 'a'), wait(client, 'b')].map((call) =>
      assert.rejects(call, { code: ErrorCode.closed }),
    );
    const cancel = new AbortController();
    const cancelled = client.request(99, [], { signal: cancel.signal });
    cancel.abort();
    await assert.rejects(cancelled, { code: ErrorCode.aborted });
    await assert.rejects(client.request(99, [], { signal: AbortSignal.abort() }), {
      code: ErrorCode.aborted,
    });
    await client.ping();
    assert.deepEqual(host.asked, ['a']);
    await client.close();
    await Promise.all(closed);
  });
});
