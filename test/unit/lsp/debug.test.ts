import assert from 'node:assert/strict';

import { DebugClose, DebugOpen } from '../../../server/src/api/messages';
import {
  type DebugEdge,
  type DebugSessionEnd,
  handleDebugging,
} from '../../../server/src/lsp/handlers/debug';

type Handle = (params: { readonly session: string }) => unknown;

describe('a debug session', () => {
  it('that is closed while its code is loaded is let go when it is there', async () => {
    const handlers = new Map<string, Handle>();
    const edge: DebugEdge = {
      onRequest: ({ method }, _about, handle) => void handlers.set(method, handle as unknown as Handle),
      onNotification: ({ method }, handle) => void handlers.set(method, handle as unknown as Handle),
      notify: () => undefined,
    };
    const over: string[] = [];
    const loads: ((end: DebugSessionEnd) => void)[] = [];
    handleDebugging(edge, () => new Promise((resolve) => loads.push(resolve)));
    const open = (session: string): unknown => handlers.get(DebugOpen.method)?.({ session });
    const opened = [open('one'), open('two')];
    handlers.get(DebugClose.method)?.({ session: 'one' });
    for (const [index, name] of ['one', 'two'].entries()) {
      loads[index]?.({ handle: () => undefined, dispose: () => over.push(name) });
    }
    await Promise.all(opened);
    assert.deepEqual(over, ['one']);
    handlers.get(DebugClose.method)?.({ session: 'two' });
    assert.deepEqual(over, ['one', 'two']);
  });
});
