/** The latency that a connection shows costs no request of its own. */
import assert from 'node:assert/strict';

import { eventually } from '../../support/poll';
import { TestPool, profileTo } from '../../support/pool';
import { RPYC_VERSIONS, startClassic } from '../../support/pythonPeer';
import { Relay } from '../../support/relay';

const DELAY_MS = 40;
/** Number of the handler. */
const PING = 1;

describe('the latency of a connection', () => {
  for (const version of RPYC_VERSIONS) {
    it(`is that of the way to rpyc ${version} and back, measured by what connecting needs`, async () => {
      await using peer = await startClassic(version);
      await using relay = await Relay.start(peer, { delayMs: DELAY_MS });
      await using test = new TestPool([profileTo(relay, { dialect: version === '5.3.0' ? 'C' : 'D' })]);
      const { latencyMs = 0 } = await test.pool.connect('p');
      assert.ok(latencyMs >= 2 * DELAY_MS && latencyMs < 6 * DELAY_MS, `${latencyMs} ms`);
      const { requests } = (await relay.counts()).up;
      assert.equal(requests[PING] ?? 0, 0, JSON.stringify(requests));
      assert.doesNotMatch(peer.log(), /Traceback|denied|cannot access/);
    });

    it(`follows the link to rpyc ${version} by the pings that watch over a silent connection`, async () => {
      await using peer = await startClassic(version);
      await using relay = await Relay.start(peer);
      await using test = new TestPool([profileTo(relay)], { pingSeconds: 0.2 });
      await test.pool.connect('p');
      const latencyMs = () => test.pool.state('p').latencyMs ?? NaN;
      // Connecting on a busy machine can take as long as the slow link will.
      await eventually('a ping has shown the short way', () => latencyMs() < 2 * DELAY_MS);
      await relay.setDelay(DELAY_MS);
      await eventually('a ping has shown the long way', () => latencyMs() >= 2 * DELAY_MS);
    });
  }
});
