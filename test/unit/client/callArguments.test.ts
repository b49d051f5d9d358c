import assert from 'node:assert/strict';

import { argumentsText, prefill } from '../../../client/src/callArguments';
import type { CallParameter, ParameterKind } from '../../../server/src/api/changes';

function parameter(name: string, kind: ParameterKind, text?: string, literal = true): CallParameter {
  const isVariable = kind === 'values' || kind === 'mapping';
  return {
    name,
    kind,
    required: text === undefined && !isVariable,
    literal: text !== undefined && literal,
    ...(text === undefined ? {} : { default: text }),
  };
}

describe('Arguments of a call', () => {
  const all = [
    parameter('to', 'any'),
    parameter('by', 'any', '2'),
    parameter('step', 'any', 'None'),
    parameter('more', 'values'),
    parameter('fast', 'named', 'False'),
    parameter('rest', 'mapping'),
  ];

  it('stand in the order of the parameters', () => {
    assert.equal(argumentsText(all, ['1', '3', '4', '5, 6', 'True', 'x=1']), '1, 3, 4, 5, 6, fast=True, x=1');
    assert.equal(argumentsText(all, [' 1 ', '', '', '', '', '']), '1');
    assert.equal(argumentsText([], []), '');
  });

  it('go by name behind one that is left out', () => {
    assert.equal(argumentsText(all, ['1', '', '4', '', 'True', '']), '1, step=4, fast=True');
  });

  it('keep their places before further values', () => {
    assert.equal(argumentsText(all, ['1', '', '4', '5', '', '']), '1, 2, 4, 5');
  });

  it('keep their places where they have no name to go by', () => {
    const places = [parameter('a', 'positional', '0'), parameter('b', 'positional', '1')];
    assert.equal(argumentsText(places, ['', '7']), '0, 7');
    assert.equal(argumentsText(places, ['', '']), '');
  });

  it('go by place where the name is no identifier', () => {
    const odd = [parameter('a', 'any', '0'), parameter('b c', 'any', '1')];
    assert.equal(argumentsText(odd, ['', '7']), '7');
  });

  it('begin with the default where it is a literal', () => {
    assert.equal(prefill(parameter('a', 'any', "'x'")), "'x'");
    assert.equal(prefill(parameter('a', 'any', '<object>', false)), '');
    assert.equal(prefill(parameter('a', 'any')), '');
  });
});
