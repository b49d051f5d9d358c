/** Taking parts of the library away, for tests that have to notice. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';

import { AsyncResult, brine, DuplexStream, PipeStream, Service } from '../../server/src/rpyc/index';
import { disable, DISABLED_ENTRY, disableHere, type Restore } from '../support/disabledExport';

function stream(): PipeStream {
  const duplex = new PassThrough();
  return new PipeStream(duplex, duplex);
}

describe('What is taken away', () => {
  let restore: Restore = () => undefined;

  afterEach(() => {
    restore();
    restore = () => undefined;
  });

  it('does nothing, and is itself again afterwards', () => {
    restore = disable('brine.dump');
    assert.equal(brine.dump(1), undefined);
    restore();
    assert.equal(brine.dump(1).length, 1);
  });

  it('is an empty class, where it was a class', () => {
    restore = disable('AsyncResult');
    const result = new AsyncResult(Promise.resolve(1));
    assert.equal('value' in result, false);
    restore();
    assert.equal('value' in new AsyncResult(Promise.resolve(1)), true);
  });

  it('is a member of one class, and not of those above it', () => {
    restore = disable('PipeStream.close');
    const [pipes, plain] = [stream(), new DuplexStream(new PassThrough(), 'plain')];
    for (const each of [pipes, plain]) each.close();
    assert.deepEqual([pipes.closed, plain.closed], [false, true]);
    restore();
    pipes.close();
    assert.equal(pipes.closed, true);
  });

  it('is a property or a static member', () => {
    restore = disable('DuplexStream.closed');
    assert.equal(stream().closed, undefined);
    restore();
    restore = disable('PipeStream.createPair');
    assert.equal(PipeStream.createPair(), undefined);
    restore();
    restore = disable('Service.getServiceName');
    assert.equal(Service.getServiceName(), undefined);
  });

  it('has to be there', () => {
    for (const name of ['nothing', 'brine.nothing', 'nothing.dump']) assert.throws(() => disable(name), name);
  });

  it('is taken away in programs that a test starts, too', () => {
    disableHere();
    assert.equal(brine.dump(1).length, 1);
    process.env[DISABLED_ENTRY] = 'brine.dump';
    try {
      restore = disableHere();
    } finally {
      Reflect.deleteProperty(process.env, DISABLED_ENTRY);
    }
    assert.equal(brine.dump(1), undefined);
  });
});
