import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Uri } from 'vscode';

import { escapeHtml, pageHtml, pageOptions } from '../../../client/src/webviewPage';
import type { PageContent } from '../../../client/src/webviewPage';
import { REPOSITORY } from '../../support/tools';

/** As much of an address as a page asks for. */
function uri(of: string): Uri {
  return {
    path: of,
    with: (change: { path: string }) => uri(change.path),
    toString: () => `vscode-resource:${of}`,
  } as unknown as Uri;
}

const EXTENSION = uri('/extensions/rpyc');
const WEBVIEW = { cspSource: 'https://*.example', asWebviewUri: (one: Uri): Uri => one };

function page(content: Partial<PageContent>): string {
  return pageHtml(WEBVIEW, EXTENSION, { title: 'Results', language: 'en', ...content });
}

function policyIn(html: string): string {
  const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
  return policy.replaceAll('&#39;', "'");
}

describe('Pages of webviews', () => {
  it('writes texts so that they stay texts', () => {
    assert.equal(escapeHtml('<b a="1" c=\'2\'>&`'), '&#60;b a=&#34;1&#34; c=&#39;2&#39;&#62;&#38;&#96;');
    const html = page({ title: '</title><script>alert(1)</script>', language: '"><script>' });
    assert.ok(!html.includes('<script'), html);
    assert.match(html, /<title>&#60;\/title&#62;/);
  });

  it('allows what the page names and nothing else', () => {
    const policy = policyIn(page({ scripts: ['results.js'] }));
    const nonce = /nonce-([A-Za-z0-9+/]{24})/.exec(policy)?.[1] ?? '';
    assert.equal(
      policy,
      "default-src 'none'; style-src https://*.example; img-src https://*.example; font-src https://*.example; " +
        `script-src 'nonce-${nonce}'; frame-src 'none'; form-action 'none'; base-uri 'none'`,
    );
  });

  it('gives its own scripts the nonce, a new one each time', () => {
    const nonceOf = (html: string): string => /<script nonce="([^"]+)"/.exec(html)?.[1] ?? '';
    const html = page({ scripts: ['one.js', 'two.js'] });
    const nonce = nonceOf(html);
    assert.ok(policyIn(html).includes(`script-src 'nonce-${nonce}'`));
    assert.equal(html.split(`<script nonce="${nonce}" src=`).length, 3);
    assert.notEqual(nonceOf(page({ scripts: ['one.js'] })), nonce);
  });

  it('lets in pictures as data and styles of frames where a page asks for them', () => {
    const policy = policyIn(page({ dataImages: true, inlineStyles: true }));
    assert.match(policy, /img-src https:\/\/\*\.example data:;/);
    assert.match(policy, /style-src https:\/\/\*\.example 'unsafe-inline';/);
    assert.ok(!/script-src[^;]*unsafe/.test(policy));
  });

  it('loads files of its folder, which is all that it can read', () => {
    const html = page({ styles: ['extra.css'], scripts: ['one.js'] });
    for (const name of ['page.css', 'extra.css', 'one.js']) {
      assert.ok(html.includes(`"vscode-resource:/extensions/rpyc/media/webview/${name}"`), name);
    }
    const { enableScripts, enableForms, localResourceRoots } = pageOptions(EXTENSION);
    assert.deepEqual([enableScripts, enableForms], [true, false]);
    assert.deepEqual(
      localResourceRoots?.map((root) => root.path),
      ['/extensions/rpyc/media/webview'],
    );
    assert.ok(existsSync(path.join(REPOSITORY, 'media/webview/page.css')));
  });

  it('hands data to its scripts in an attribute that it cannot leave', () => {
    const html = page({ data: { text: '"><img src=x onerror=alert(1)>' } });
    assert.ok(!html.includes('<img'));
    const [, attribute = ''] = /<body data-page="([^"]*)">/.exec(html) ?? [];
    const text = attribute.replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)));
    assert.deepEqual(JSON.parse(text), { text: '"><img src=x onerror=alert(1)>' });
  });
});
