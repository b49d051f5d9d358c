import assert from 'node:assert/strict';

import { FRAME_HEAD, framedPage } from '../../../client/src/framedPage';

describe('pages of peers in frames', () => {
  it('may load nothing and send nothing', () => {
    const [, policy = ''] = /content="(default-src[^"]*)"/.exec(FRAME_HEAD) ?? [];
    assert.match(policy, /^default-src 'none';/);
    assert.ok(!/script-src|connect-src|https?:|\*/.test(policy), policy);
    assert.match(policy, /form-action 'none'; base-uri 'none'$/);
  });

  it('have no element that a browser follows ahead of any policy', () => {
    assert.equal(
      framedPage('<link rel="preconnect"><LINK rel=x><meta http-equiv=refresh><base href=/><b>1 < link</b>'),
      '<x-link rel="preconnect"><x-LINK rel=x><x-meta http-equiv=refresh><x-base href=/><b>1 < link</b>',
    );
    assert.equal(
      framedPage('<a href=x>there</a><area href=y><abbr>a</abbr><iframe src=z></iframe><object data=w>'),
      '<x-a href=x>there</x-a><x-area href=y><abbr>a</abbr><x-iframe src=z></x-iframe><x-object data=w>',
    );
    assert.equal(
      framedPage('<table><tr><td>metal, links, bases</td></tr></table>'),
      '<table><tr><td>metal, links, bases</td></tr></table>',
    );
  });
});
