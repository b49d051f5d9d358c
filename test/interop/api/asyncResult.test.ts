/** The entries of `rpyc.core.async_`, by calls that a real Python takes its time for. */
import assert from 'node:assert/strict';

import { async_, AsyncResult, type ClassicConnection, type Netref } from '../../../server/src/rpyc/index';
import { describeApi } from '../../support/apiEntry';
import { eventually } from '../../support/poll';

/** Longer than any test takes: the server is told to end it. */
const LONG_SECONDS = 0.5;

/** A function of the peer that waits for `gate` and gives or raises. */
async function gated(connection: ClassicConnection): Promise<Netref> {
  await connection.execute(
    'import time\ndef slow(value, seconds=0.05):\n' +
      '  time.sleep(seconds)\n' +
      '  if isinstance(value, str): raise ValueError(value)\n' +
      '  return value\n',
  );
  return await connection.eval<Netref>('slow');
}

describeApi('rpyc.core.async_', (entry) => {
  entry('AsyncResult', async (peer) => {
    const connection = await peer.connect();
    const result = async_(await gated(connection))(7);
    assert.ok(result instanceof AsyncResult);
    assert.deepEqual([result.ready, await result.value, result.ready], [false, 7, true]);
  });

  entry('AsyncResult.wait', async (peer) => {
    const connection = await peer.connect();
    const result = async_(await gated(connection))(7);
    assert.equal(result.ready, false);
    await result.wait();
    assert.equal(result.ready, true);
    const failing = async_(await gated(connection))('odd');
    await failing.wait();
    assert.equal(failing.error, true, 'to wait for an exception is not to fail');
  });

  entry('AsyncResult.add_callback', async (peer) => {
    const connection = await peer.connect();
    const seen: AsyncResult[] = [];
    const result = async_(await gated(connection))(7);
    result.addCallback((ready) => seen.push(ready));
    assert.equal(seen.length, 0);
    await eventually('the callback is called', () => seen.length > 0);
    result.addCallback((ready) => seen.push(ready));
    assert.deepEqual(seen, [result, result]);
  });

  entry('AsyncResult.set_expiry', async (peer) => {
    const connection = await peer.connect();
    const result = async_(await gated(connection))(7, LONG_SECONDS);
    result.setExpiry(0.05);
    await assert.rejects(result.value, { name: 'AsyncResultTimeout', code: 'ERR_TIMEOUT' });
    const patient = async_(await gated(connection))(7);
    patient.setExpiry(0.01);
    patient.setExpiry(null);
    assert.equal(await patient.value, 7);
  });

  entry('AsyncResult.ready', async (peer) => {
    const connection = await peer.connect();
    const result = async_(await gated(connection))(7);
    assert.equal(result.ready, false);
    await eventually('the result is ready', () => result.ready);
  });

  entry('AsyncResult.error', async (peer) => {
    const connection = await peer.connect();
    const slow = await gated(connection);
    const results = [async_(slow)('odd'), async_(slow)(7)];
    assert.deepEqual(
      results.map((result) => result.error),
      [false, false],
    );
    await Promise.all(results.map((result) => result.wait()));
    assert.deepEqual(
      results.map((result) => result.error),
      [true, false],
    );
  });

  entry('AsyncResult.expired', async (peer) => {
    const connection = await peer.connect();
    const result = async_(await gated(connection))(7, LONG_SECONDS);
    result.setExpiry(0.05);
    assert.equal(result.expired, false);
    await eventually('the result expires', () => result.expired);
    assert.equal(result.ready, false);
  });

  entry('AsyncResult.value', async (peer) => {
    const connection = await peer.connect();
    const slow = await gated(connection);
    assert.equal(await async_(slow)(7).value, 7);
    await assert.rejects(async_(slow)('odd').value, {
      name: 'RemoteError',
      typeName: 'ValueError',
      args: ['odd'],
    });
  });

  entry('AsyncResultTimeout', async (peer) => {
    const connection = await peer.connect({ config: { sync_request_timeout: 0.05 } });
    await connection.execute('import time');
    const late = Promise.resolve(connection.eval(`time.sleep(${LONG_SECONDS})`));
    await assert.rejects(late, {
      name: 'AsyncResultTimeout',
      code: 'ERR_TIMEOUT',
      message: 'Result expired',
    });
  });
});
