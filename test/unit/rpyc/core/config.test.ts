import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  type AttributeOperation,
  checkAttr,
  type Config,
  DEFAULT_CONFIG,
  DEFAULT_LIMITS,
  mergeConfig,
  mergeLimits,
} from '../../../../server/src/rpyc/core/config';
import { AttributeError } from '../../../../server/src/rpyc/core/errors';

describe('the attribute policy', () => {
  const nothing: Partial<Config> = { allow_safe_attrs: false, allow_exposed_attrs: false };
  const all = { allow_all_attrs: true };
  const open = { ...all, allow_exposed_attrs: false };

  /** The name that is used, or undefined where access is refused. */
  function check(
    name: unknown,
    has: readonly string[],
    config: Partial<Config> = {},
    operation: AttributeOperation = 'getattr',
  ): string | undefined {
    try {
      return checkAttr(mergeConfig(config), name, (attribute) => has.includes(attribute), operation);
    } catch (error) {
      assert.ok(error instanceof AttributeError);
      assert.equal(error.message, `cannot access '${String(name)}'`);
      return undefined;
    }
  }

  const cases: readonly (readonly [
    text: string,
    expected: string | undefined,
    name: string,
    has: readonly string[],
    config?: Partial<Config>,
  ])[] = [
    ['refuses a plain name', undefined, 'x', ['x']],
    ['finds the exposed name', 'exposed_x', 'x', ['exposed_x']],
    ['prefers the exposed name to a plain one that is not allowed', 'exposed_x', 'x', ['x', 'exposed_x']],
    ['takes the exposed name itself', 'exposed_x', 'exposed_x', ['exposed_x']],
    ['takes an exposed name that is missing, for the natural error', 'exposed_x', 'exposed_x', []],
    ['takes a safe name', '__len__', '__len__', ['__len__']],
    ['takes a safe name that is missing, for the natural error', '__len__', '__len__', []],
    ['takes the exposed variant of a safe name that is missing', 'exposed_next', 'next', ['exposed_next']],
    ['refuses a safe name where those are not allowed', undefined, '__len__', ['__len__'], nothing],
    ['refuses a public name by default', undefined, 'name', ['name']],
    ['takes a public name where those are allowed', 'name', 'name', ['name'], { allow_public_attrs: true }],
    ['refuses a private one even then', undefined, '_x', ['_x'], { allow_public_attrs: true }],
    ['takes everything where all is allowed', '_x', '_x', ['_x'], all],
    ['finds no exposed name where those are not allowed', 'x', 'x', ['exposed_x'], open],
    ['takes another prefix', 'pub_x', 'x', ['pub_x'], { exposed_prefix: 'pub_' }],
    ['takes an empty prefix for none', undefined, 'x', ['x'], { exposed_prefix: '' }],
    ['refuses names of prototypes', undefined, '__proto__', []],
    ['refuses names of prototypes that the object has', undefined, 'constructor', ['constructor']],
    ['refuses what the CVE used', undefined, '__getattribute__', ['__getattribute__']],
    ['refuses what the CVE used to write', undefined, '__setattr__', ['__setattr__']],
    ['refuses pickling by name', undefined, '__reduce_ex__', ['__reduce_ex__']],
    ['refuses the class', undefined, '__class__', ['__class__']],
  ];
  for (const [text, expected, name, has, config] of cases) {
    it(text, () => assert.equal(check(name, has, config), expected));
  }

  it('needs the permission for the operation', () => {
    assert.equal(check('x', ['exposed_x'], { allow_getattr: false }), undefined);
    assert.equal(check('x', ['exposed_x'], {}, 'setattr'), undefined);
    assert.equal(check('x', ['exposed_x'], {}, 'delattr'), undefined);
    assert.equal(check('x', ['exposed_x'], { allow_setattr: true }, 'setattr'), 'exposed_x');
    assert.equal(check('x', ['exposed_x'], { allow_delattr: true }, 'delattr'), 'exposed_x');
  });

  it('takes the bytes of a Python 2 peer as text', () => {
    const has = (name: string): boolean => name === 'exposed_é';
    assert.equal(checkAttr(DEFAULT_CONFIG, Buffer.from('é'), has, 'getattr'), 'exposed_é');
  });

  it('takes nothing else for a name', () => {
    for (const name of [1, null, ['x'], Uint8Array.of(0xff), {}, undefined]) {
      const attempt = (): string => checkAttr(DEFAULT_CONFIG, name, () => true, 'getattr');
      assert.throws(attempt, { name: 'TypeError', message: 'name must be a string' });
    }
  });
});

describe('configuration', () => {
  it('binds threads where the environment says so, as RPyC', () => {
    const file = require.resolve('../../../../server/src/rpyc/core/config');
    for (const value of ['true', 'false', '']) {
      const program = `console.log(require(${JSON.stringify(file)}).DEFAULT_CONFIG.bind_threads)`;
      const env = { ...process.env, RPYC_BIND_THREADS: value };
      const { stdout } = spawnSync(process.execPath, ['-e', program], { env, encoding: 'utf8' });
      assert.equal(stdout.trim(), String(value === 'true'));
    }
  });

  it('has the defaults of RPyC', () => {
    assert.equal(DEFAULT_CONFIG.allow_exposed_attrs, true);
    assert.equal(DEFAULT_CONFIG.allow_pickle, false);
    assert.equal(DEFAULT_CONFIG.sync_request_timeout, 30);
    assert.equal(DEFAULT_CONFIG.safe_attrs.size, 80);
  });

  it('takes what is given and keeps the rest', () => {
    const config = mergeConfig({ sync_request_timeout: null, exposed_prefix: undefined });
    assert.equal(config.sync_request_timeout, null);
    assert.equal(config.exposed_prefix, 'exposed_');
    assert.equal(mergeLimits({ maxDepth: 3, maxItems: undefined }).maxDepth, 3);
    assert.equal(mergeLimits({ maxItems: undefined }).maxItems, DEFAULT_LIMITS.maxItems);
  });
});
