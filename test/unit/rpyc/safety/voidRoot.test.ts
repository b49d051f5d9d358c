/** Every handler with every form of target, fired at connections that offer nothing: our clients, classic ones included. */
import assert from 'node:assert/strict';

import { Handler, MessageType } from '../../../../server/src/rpyc/core/consts';
import { type BrineValue, NotImplemented } from '../../../../server/src/rpyc/core/pyTypes';
import { type Service, VoidService } from '../../../../server/src/rpyc/core/service';
import { ClassicClient, MasterService } from '../../../../server/src/rpyc/utils/classicServices';
import { type HostileRequest, cmpExploits, hostileRequests } from '../../../support/hostile/requests';
import { fireAll, rootKey } from '../../../support/hostile/socketPeer';
import { connectRaw, DIALECTS } from '../../../support/rawPeer';

const ROOTS: readonly (readonly [what: string, make: () => Service])[] = [
  ['a client that offers nothing', () => new VoidService()],
  ['a client of classic mode', () => new ClassicClient()],
  ['a master', () => new MasterService()],
];

/** What may be told of the root: constants. */
const TEXTS = new Set(['<VoidService object>', '<FakeSlaveService object>', '<ClassicClient object>']);

for (const dialect of DIALECTS) {
  for (const [what, make] of ROOTS) {
    describe(`Of ${what} in dialect ${dialect}, a hostile server`, () => {
      it('gets constants, its own data and refusals, and no object but the root', async () => {
        const { peer, connection } = connectRaw(dialect, { service: make() });
        const key = await rootKey(peer);
        const requests = hostileRequests(key);
        assert.ok(requests.length > 1000);
        // What is for an object of the peer's own is asked of the peer, which keeps silent here.
        const answered = requests.filter(({ form }) => form !== 'own');
        for (const [request, { type, body }] of await fireAll(peer, answered)) {
          if (type === MessageType.exception) continue;
          assert.ok(isHarmless(request, body, key), `${request.title} gives ${JSON.stringify(body)}`);
        }
        assert.equal(connection.lentReferences, 1, 'the root and nothing else');
        assert.equal(connection.closed, false);
        connection.dispose();
      });

      it('learns nothing by naming objects of its own', async () => {
        const { peer, connection } = connectRaw(dialect, { service: make() });
        const key = await rootKey(peer);
        const own = hostileRequests(key).filter(({ form }) => form === 'own');
        for (const { handler, boxedArgs } of own) peer.ask(handler, boxedArgs);
        await peer.request(Handler.ping, [1, ['done']]);
        for (const { type, body } of peer.inbox.splice(0)) {
          const said = type === MessageType.request ? (body as readonly BrineValue[])[1] : body;
          const lent = type === MessageType.exception ? [] : lentIn(said);
          assert.deepEqual(
            lent.filter((pack) => !sameKey(pack, key)),
            [],
            'no object of ours is lent',
          );
        }
        connection.dispose();
      });

      it('gets nothing by the exploits of CVE-2019-16328', async () => {
        const config = { allow_all_attrs: true, allow_setattr: true };
        const { peer, connection } = connectRaw(dialect, { service: make(), config });
        const exploits = cmpExploits(await rootKey(peer)).map((exploit) => ({
          handler: Handler.cmp,
          ...exploit,
        }));
        for (const [{ title }, { type, body }] of await fireAll(peer, exploits)) {
          assert.equal(type, MessageType.exception, title);
          assert.match(JSON.stringify(body), /cannot access/, title);
        }
        connection.dispose();
      });
    });
  }
}

function isHarmless({ handler, form }: HostileRequest, body: BrineValue, key: BrineValue): boolean {
  const [label, value] = body as readonly BrineValue[];
  if (form === 'lent') {
    switch (handler) {
      case Handler.getroot:
        return false;
      case Handler.ping:
        return label === 3 || (label === 4 && sameKey(value, key));
      case Handler.repr:
      case Handler.str:
        return typeof value === 'string' && (TEXTS.has(value) || /^<\w+ object>$/.test(value));
      case Handler.dir:
      case Handler.inspect:
        return Array.isArray(value) && value.every(isSlaveName);
      case Handler.hash:
        return typeof value === 'number' || typeof value === 'bigint';
      case Handler.cmp:
        return value === NotImplemented || value === false;
      case Handler.instancecheck:
        return value === false;
      default:
        return false;
    }
  }
  // Its own text and numbers, and the root that it may always ask for.
  if (handler === Handler.hash) return form === 'unboxed' && typeof value === 'number';
  if (handler === Handler.getroot) return form === 'none' && label === 4 && sameKey(value, key);
  if (handler === Handler.instancecheck) return value === false;
  if (handler === Handler.cmp) return value === NotImplemented || value === false;
  return label === 1 && (form === 'value' || form === 'unboxed') && isOwnData(handler);
}

/** A client of classic mode looks like a slave: these are names, and nothing is behind them. */
function isSlaveName(entry: BrineValue): boolean {
  const name = Array.isArray(entry) ? (entry as readonly BrineValue[])[0] : entry;
  return (
    typeof name === 'string' &&
    /^(exposed_)?(eval|execute|namespace|getmodule|getconn|get_service_name|get_service_aliases)$/.test(name)
  );
}

function isOwnData(handler: number): boolean {
  return ([Handler.ping, Handler.repr, Handler.str, Handler.dir, Handler.buffiter] as number[]).includes(
    handler,
  );
}

function lentIn(boxed: BrineValue): readonly BrineValue[] {
  if (!Array.isArray(boxed)) return [];
  const [label, payload] = boxed as readonly BrineValue[];
  if (label === 4) return [payload];
  return Array.isArray(payload) && label === 2 ? (payload as readonly BrineValue[]).flatMap(lentIn) : [];
}

function sameKey(first: BrineValue, second: BrineValue): boolean {
  return String(first) === String(second);
}
