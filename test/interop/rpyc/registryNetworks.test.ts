/** Asking every registry on three networks, which are made for the test in a namespace of their own. */
import assert from 'node:assert/strict';
import path from 'node:path';

import { broadcastTargets, ErrorCode, type FoundServices } from '../../../server/src/rpyc/index';
import { TestProcess } from '../../support/childProcess';
import { eventually } from '../../support/poll';
import type { NamespaceReport } from '../../support/registryNamespace';

const PROGRAM = path.resolve(__dirname, '../../support/registryNamespace.js');
const NEEDS =
  'This test makes network interfaces in a namespace of its own: it needs Linux, root, and the programs unshare, nsenter and ip (util-linux, iproute2)';

/** The services with the registry and the interface that each came from, in an order of their own. */
function rows({ services }: FoundServices): string[] {
  return services
    .map(({ name, host, port, nearby, registry }) => {
      const mark = nearby ? '' : ' (elsewhere)';
      return `${name} ${host}:${port}${mark} by ${registry.address} ${registry.transport} ${registry.interface ?? '-'}`;
    })
    .sort();
}

function reports({ registries }: FoundServices): string[] {
  return registries
    .map(({ address, interface: name, target, answered, listing, problem, truncated }) => {
      assert.equal(truncated, false);
      const what = answered ? (listing ?? 'answered') : (problem ?? 'silent');
      return `${name ?? '-'} ${target}: ${address} ${what}`;
    })
    .sort();
}

describe('registries on three networks', () => {
  let report: NamespaceReport;

  before(async () => {
    assert.ok(process.platform === 'linux' && process.getuid?.() === 0, NEEDS);
    const args = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, PROGRAM];
    await using child = new TestProcess('unshare', args);
    await eventually('the namespace has told all', () => child.hasEnded, { timeoutMs: 50_000 });
    assert.equal(child.startError, undefined, NEEDS);
    assert.equal(await child.exited, 0, `${NEEDS}\n${child.stderr}`);
    report = JSON.parse(child.stdout) as NamespaceReport;
  });

  it('finds every service of every network, and says who told of it', () => {
    assert.deepEqual(rows(report.all), [
      'ALPHA 10.81.1.2:4001 by 10.81.1.2 udp near1',
      'FIRST 10.81.1.2:4001 by 10.81.1.2 udp near1',
      'GAMMA 10.81.3.2:4003 by 10.81.3.2 udp near3',
      'POISON 127.0.0.1:22 (elsewhere) by 10.81.1.2 udp near1',
    ]);
  });

  it('says who forbids listing, and where nobody answers', () => {
    assert.deepEqual(reports(report.all), [
      'lo 127.0.0.1: 127.0.0.1 silent',
      'near1 10.81.1.255: 10.81.1.2 allowed',
      'near2 10.81.2.255: 10.81.2.2 forbidden',
      'near3 10.81.3.255: 10.81.3.2 allowed',
    ]);
  });

  it('finds a service by its name where listing is forbidden', () => {
    assert.deepEqual(rows(report.beta), ['beta 10.81.2.2:4002 by 10.81.2.2 udp near2']);
    assert.deepEqual(reports(report.beta), [
      'lo 127.0.0.1: 127.0.0.1 silent',
      'near1 10.81.1.255: 10.81.1.2 answered',
      'near2 10.81.2.255: 10.81.2.2 answered',
      'near3 10.81.3.255: 10.81.3.2 answered',
    ]);
  });

  it('asks a named host by TCP', () => {
    assert.deepEqual(rows(report.named), ['DELTA 10.81.3.2:4004 by 10.81.3.2 tcp -']);
  });

  it('broadcasts by one interface only where it is done as upstream does it', () => {
    assert.deepEqual(report.plain, { alpha: [['10.81.1.2', 4001]], beta: [] });
  });

  it('connects to what a broadcast found, and says so where it does not run', () => {
    assert.equal(report.connected, ErrorCode.discovery);
  });

  it('can be cancelled', () => {
    assert.equal(report.cancelled, ErrorCode.aborted);
  });
});

describe('the targets that are asked by default', () => {
  it('have this machine itself among them', () => {
    const own = broadcastTargets().find(({ address }) => address === '127.0.0.1');
    assert.equal(own?.localAddress, '127.0.0.1');
    assert.equal(own.broadcast, undefined);
    assert.equal(own.network, '127.0.0.1/8');
  });
});
