import assert from 'node:assert/strict';

import type { ActionCost } from '../../../../server/src/api/wire';
import { ActionCosts } from '../../../../server/src/features/pool/actionCosts';
import { brine } from '../../../../server/src/rpyc/index';

const GETATTR = 4;
const DEL = 15;

/** A message in the envelope of 5.3.0: kind, number, handler and no arguments, or a value. */
function message(kind: 'request' | 'reply', seq: number, handler = GETATTR): Uint8Array {
  return brine.dump(kind === 'request' ? [1, seq, [handler, [1, []]]] : [2, seq, [1, 'x']]);
}

function started(): {
  readonly costs: ActionCosts;
  readonly told: ActionCost[];
  readonly trace: ReturnType<ActionCosts['watch']>;
} {
  const costs = new ActionCosts();
  const told: ActionCost[] = [];
  costs.onDidFinish((cost) => told.push(cost));
  costs.switch(true);
  return { costs, told, trace: costs.watch('p', () => undefined) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('ActionCosts', () => {
  it('counts chains of requests, and the bytes of their answers by number', async () => {
    const { costs, told, trace } = started();
    await costs.measure({ method: 'm', target: 't' }, async () => {
      trace('out', message('request', 1), 10);
      trace('out', message('request', 2), 20);
      await turn();
      trace('in', message('reply', 2), 200);
      trace('in', message('reply', 1), 100);
      trace('in', message('reply', 7), 9999);
      trace('out', message('request', 3, DEL), 9999);
      trace('out', message('request', 4), 30);
      trace('in', message('reply', 4), 300);
    });
    const { requests, roundTrips, bytesSent, bytesReceived, failed, profileId } = told[0] ?? {};
    assert.deepEqual(
      { requests, roundTrips, bytesSent, bytesReceived, failed, profileId },
      { requests: 3, roundTrips: 2, bytesSent: 60, bytesReceived: 600, failed: false, profileId: 'p' },
    );
  });

  it('takes a question of the peer for that of the one action that waits, and of two for nobody’s', async () => {
    const { costs, told, trace } = started();
    const ask = (target: string, seq: number, meanwhile: () => void): Promise<void> =>
      costs.measure({ method: 'm', target }, async () => {
        trace('out', message('request', seq), 1);
        await turn();
        meanwhile();
        trace('in', message('reply', seq), 1);
      });
    const callBack = (seq: number): void => {
      trace('in', message('request', seq), 50);
      trace('out', message('reply', seq), 5);
    };
    await ask('alone', 1, () => callBack(1));
    await Promise.all([ask('one', 2, () => callBack(2)), ask('other', 3, () => undefined)]);
    assert.deepEqual(
      told.map(({ target, callbacks, bytesSent, bytesReceived }) => [
        target,
        callbacks,
        bytesSent,
        bytesReceived,
      ]),
      [
        ['alone', 1, 6, 51],
        ['one', 0, 1, 1],
        ['other', 0, 1, 1],
      ],
    );
  });

  it('tells of no action that sent nothing, of a failed one that it failed, and of none that is over', async () => {
    const { costs, told, trace } = started();
    await costs.measure({ method: 'm', target: 'nothing' }, () => undefined);
    await assert.rejects(
      costs.measure({ method: 'm', target: 'failed' }, () => {
        trace('out', message('request', 1), 1);
        costs.apart(() => trace('out', message('request', 2), 9999));
        void turn().then(() => trace('out', message('request', 3), 9999));
        throw new Error('refused');
      }),
    );
    await turn();
    assert.deepEqual(
      told.map(({ target, bytesSent, failed }) => [target, bytesSent, failed]),
      [['failed', 1, true]],
    );
  });
});
