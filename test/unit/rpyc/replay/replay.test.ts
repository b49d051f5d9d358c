/** Every recorded session, with the library in the place of one side. */
import assert from 'node:assert/strict';
import { dump, load } from '../../../../server/src/rpyc/core/brine';
import { ProtocolError } from '../../../../server/src/rpyc/core/errors';
import { loadRecording, registryValues } from '../../../support/replay/recording';
import { replayClient } from '../../../support/replay/replayClient';
import { replayServer } from '../../../support/replay/replayServer';
import { kindText, toHex } from '../../../support/typedJson';
import { CalcService } from './customScenario';
import { customSessions, registrySessions, scenarioOf, sessions } from './sessions';

for (const [pieces, byteByByte] of [
  ['in whole frames', false],
  ['byte by byte', true],
] as const) {
  describe(`recorded sessions, ${pieces}`, () => {
    for (const name of sessions) {
      it(`${name}: the client`, async () => {
        await replayClient(loadRecording(name), scenarioOf(name), { byteByByte });
      });
    }

    for (const name of customSessions) {
      it(`${name}: the server`, async () => {
        await replayServer(loadRecording(name), new CalcService(), { byteByByte });
      });
    }
  });
}

describe('recorded registry sessions', () => {
  for (const name of registrySessions) {
    it(`${name}: each datagram both ways`, () => {
      const values = registryValues(name);
      assert.ok(values.length >= 14);
      for (const { bytes, value, step } of values) {
        assert.equal(kindText(load(bytes)), kindText(value), step);
        assert.equal(toHex(dump(value)), toHex(bytes), step);
        // A datagram is whole or nothing.
        for (let end = 0; end < bytes.length; end++) {
          assert.throws(() => load(bytes.subarray(0, end)), ProtocolError);
        }
      }
    });
  }
});
