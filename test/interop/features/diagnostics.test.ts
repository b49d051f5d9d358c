import assert from 'node:assert/strict';

import { DiagnosticsReport } from '../../../server/src/features/diagnostics';
import { TestPool, profileTo } from '../../support/pool';
import { startClassic, startPeer } from '../../support/pythonPeer';

describe('diagnostics report', () => {
  it('tells versions, states and problems, and no host or name', async () => {
    await using server = await startClassic('6.0.2');
    const secret = { host: 'payroll.corp.invalid', port: 18812 };
    const profiles = [
      profileTo(server, { id: 'a', label: 'Furnace' }),
      profileTo(secret, { id: 'b', label: 'Payroll of ACME' }),
      profileTo({ ...secret, port: 18813 }, { id: 'c', label: 'Second door' }),
    ];
    await using test = new TestPool(profiles);
    const report = new DiagnosticsReport({ epoch: 'e1', pool: test.pool, wireLog: test.wireLog });
    await test.pool.connect('a');
    await assert.rejects(test.pool.connect('b'));
    test.pool.setProfiles([...profiles.slice(0, 1), ...profiles.slice(2), { id: 'd', label: 'Broken one' }]);
    const text = report.text();
    for (const line of [
      /epoch e1/,
      /127\.0\.0\.1:\d+ \(service auto, dialect auto\): connected, generation 1, 1 open, dialect D, rpyc 6\.0\.2/,
      /<host-1>:18813 \(service auto, dialect auto\): disconnected/,
      /ERR_(DNS|TIMEOUT): .*<host-1>:18812/,
      /ERR_PROFILE: a profile is not valid/,
      /→ request getroot 0/,
    ]) {
      assert.match(text, line);
    }
    for (const name of ['payroll', 'Payroll', 'ACME', 'Furnace', 'Second door', 'Broken one']) {
      assert.ok(!text.includes(name), `${name} is in the report:\n${text}`);
    }
  });

  it('tells nothing that a remote exception says', async () => {
    await using server = await startPeer('6.0.2', 'refusing_service.py');
    await using test = new TestPool([profileTo(server)]);
    const report = new DiagnosticsReport({ epoch: 'e1', pool: test.pool, wireLog: test.wireLog });
    await assert.rejects(test.pool.connect('p'), /payroll/);
    assert.match(report.text(), /ERR_REMOTE: the remote Python raised an exception$/m);
    assert.doesNotMatch(report.text(), /payroll/);
  });
});
