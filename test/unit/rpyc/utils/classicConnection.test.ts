/** The shortcuts of a classic connection, as far as they ask nobody. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import { Channel } from '../../../../server/src/rpyc/core/channel';
import { Handler, MessageType } from '../../../../server/src/rpyc/core/consts';
import { VoidService } from '../../../../server/src/rpyc/core/service';
import { ClassicConnection } from '../../../../server/src/rpyc/utils/classicConnection';
import { createStreamPair } from '../../../support/memoryStream';
import { RawPeer } from '../../../support/rawPeer';

describe('A classic connection', () => {
  let connection: ClassicConnection;
  let peer: RawPeer;

  beforeEach(async () => {
    const [ours, theirs] = createStreamPair();
    connection = new ClassicConnection(new Channel(ours), { service: new VoidService(), dialect: 'C' });
    peer = new RawPeer(new Channel(theirs), 'C');
    await connection.start();
  });

  afterEach(() => connection.dispose());

  it('imports nothing where its modules are shown', async () => {
    const { modules } = connection;
    assert.equal(JSON.stringify({ modules }), '{"modules":"<modules>"}');
    assert.equal(String(modules as unknown), '<modules>');
    assert.equal(inspect(modules), '<modules>');
    assert.equal((Reflect.get(modules, inspect.custom) as () => string)(), '<modules>');
    assert.throws(() => Number(modules), TypeError);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(peer.inbox, []);
  });

  it('learns which Python it is before it asks for the builtins', async () => {
    const builtins = Promise.resolve(connection.builtins);
    const getroot = await peer.nextRequest();
    const bytes = (text: string): Uint8Array => Buffer.from(text);
    peer.send(MessageType.reply, getroot.seq, [4, [bytes('rpyc.core.service.SlaveService'), 1, 2]]);
    const { seq, body } = await peer.nextRequest();
    const [handler, boxed] = body as unknown as [number, [number, unknown[]]];
    assert.equal(handler, Handler.callattr);
    assert.deepEqual(boxed[1].slice(1), [
      [1, 'getmodule'],
      [1, ['__builtin__']],
      [1, []],
    ]);
    peer.send(MessageType.reply, seq, [1, 'module']);
    assert.equal(await builtins, 'module');
  });
});
