import assert from 'node:assert/strict';

import { eventually } from '../support/poll';
import { RPYC_VERSIONS, runPython, startClassic } from '../support/pythonPeer';
import { Relay } from '../support/relay';

const GETATTR = 4;
const CALL = 7;

/** Asks once for the root and once for a value; prints the seconds that the second took. */
const CLIENT = `
import sys, time, rpyc
connection = rpyc.connect("127.0.0.1", int(sys.argv[1]))
root = connection.root
start = time.monotonic()
root.eval("40 + 2")
print(time.monotonic() - start)
connection.close()
`;

/** Waits for an answer that does not come in time. */
const WAITING_CLIENT = `
import sys, rpyc
rpyc.connect("127.0.0.1", int(sys.argv[1])).root.eval("__import__('time').sleep(60)")
`;

for (const version of RPYC_VERSIONS) {
  describe(`The relay, before rpyc ${version}`, () => {
    it('counts messages, bytes and round trips', async () => {
      await using peer = await startClassic(version);
      await using relay = await Relay.start(peer);
      const { code, stderr } = await runPython(version, CLIENT, [String(relay.port)]);
      assert.equal(code, 0, stderr);
      const counts = await eventually('the connection is closed', async () => {
        const now = await relay.counts();
        return now.open === 0 && now;
      });
      assert.equal(counts.connections, 1);
      assert.equal(counts.up.requests[GETATTR], 1);
      assert.equal(counts.up.requests[CALL], 1);
      // GETROOT, INSPECT of the root, GETATTR of eval, INSPECT of the method where it is not a builtin, CALL.
      assert.ok(counts.roundTrips >= 4 && counts.roundTrips <= 6, JSON.stringify(counts));
      assert.equal(
        counts.up.frames,
        counts.up.replies + Object.values(counts.up.requests).reduce((sum, count) => sum + count),
      );
      assert.ok(counts.down.replies >= counts.roundTrips);
      assert.ok(counts.up.bytes > 0 && counts.down.bytes > counts.up.bytes);
    });

    it('delays each way', async () => {
      await using peer = await startClassic(version);
      await using relay = await Relay.start(peer, { delayMs: 100 });
      const { stdout, stderr } = await runPython(version, CLIENT, [String(relay.port)]);
      // At least two round trips of 200 ms, less what timers round off.
      assert.ok(Number(stdout) > 0.39, stdout + stderr);
    });

    it('counts from zero again, and cuts', async () => {
      await using peer = await startClassic(version);
      await using relay = await Relay.start(peer);
      const waiting = runPython(version, WAITING_CLIENT, [String(relay.port)]);
      await eventually('the client waits', async () => (await relay.counts()).up.requests[CALL] === 1);
      assert.equal((await relay.reset()).up.requests[CALL], 1);
      assert.deepEqual((await relay.counts()).up.requests, {});
      assert.equal((await relay.counts()).open, 1);
      await relay.cut();
      const { code, stderr } = await waiting;
      assert.notEqual(code, 0);
      assert.match(stderr, /EOFError|Connection reset/);
    });
  });
}
