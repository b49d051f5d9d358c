/*
 * `MockClassicConnection` of rpyc/utils/classic.py: a connection to this very process, so that the same code runs with and
 * without another one. Differs on purpose: a real connection over memory, since paths and netrefs are what such code uses.
 */

import { Channel } from '../core/channel';
import { PipeStream } from '../core/pipeStream';
import { Connection } from '../core/protocol';
import { ClassicConnection } from './classicConnection';
import { ClassicClient, SlaveService } from './classicServices';

/**
 * A classic connection to this process: `modules.<name>` is `require(name)`, `builtins` the global object, `eval` and
 * `execute` run JavaScript in a namespace of its own. Close it when it is no longer needed.
 */
export class MockClassicConnection extends ClassicConnection {
  constructor() {
    const [near, far] = PipeStream.createPair('this process');
    super(new Channel(near), {
      service: new ClassicClient(),
      dialect: 'D',
    });
    const slave = new Connection(new Channel(far), { service: new SlaveService(), dialect: 'D' });
    const isStarted = Promise.all([slave.start(), this.start()]);
    isStarted.catch(() => this.dispose());
    this.onDidClose(() => slave.dispose());
  }
}
