import type { Uri, Webview, WebviewOptions } from 'vscode';

/** What a page may load lies here, below the folder of the extension; nothing else can be read by it. */
const FOLDER = 'media/webview';
/** Every page has it: how text, buttons, bars and tables look in each theme. */
const COMMON_STYLE = 'page.css';
const NONCE_BYTES = 18;

/** A page of ours in a webview. Nothing here comes from a peer: that is sent to the page's script, as data. */
export interface PageContent {
  readonly title: string;
  /** `vscode.env.language`. */
  readonly language: string;
  /** Files of `media/webview`, after the one that every page has. */
  readonly styles?: readonly string[];
  readonly scripts?: readonly string[];
  /** HTML that is our own from end to end: texts in it have gone through `escapeHtml`. */
  readonly body?: string;
  /** What the scripts find as JSON in `document.body.dataset.page`, such as the texts of this language. */
  readonly data?: unknown;
  /** Pictures that the scripts are sent as `data:`. */
  readonly dataImages?: boolean;
  /** Style elements and attributes: of documents in frames, which inherit the policy of the page. */
  readonly inlineStyles?: boolean;
}

/** What a webview with such a page is made with; of its own, a page is made anew whenever it is shown again. */
export function pageOptions(extensionUri: Uri): WebviewOptions {
  return { enableScripts: true, enableForms: false, localResourceRoots: [inFolder(extensionUri, FOLDER)] };
}

/** The whole text of a page. It loads its own files and nothing else, and runs no script but those it names. */
export function pageHtml(
  webview: Pick<Webview, 'asWebviewUri' | 'cspSource'>,
  extensionUri: Uri,
  { title, language, styles = [], scripts = [], body = '', data, ...allowed }: PageContent,
): string {
  const nonce = Buffer.from(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))).toString('base64');
  const address = (name: string): string =>
    escapeHtml(webview.asWebviewUri(inFolder(extensionUri, `${FOLDER}/${name}`)).toString());
  const links = [COMMON_STYLE, ...styles].map((name) => `<link rel="stylesheet" href="${address(name)}">`);
  const loads = scripts.map((name) => `<script nonce="${nonce}" src="${address(name)}"></script>`);
  const page = data === undefined ? '' : ` data-page="${escapeHtml(JSON.stringify(data))}"`;
  return [
    '<!DOCTYPE html>',
    `<html lang="${escapeHtml(language)}">`,
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policyOf(webview.cspSource, nonce, allowed))}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    ...links,
    '</head>',
    `<body${page}>`,
    body,
    ...loads,
    '</body>',
    '</html>',
  ].join('\n');
}

/** A text as it stands in an element or an attribute of HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function policyOf(
  source: string,
  nonce: string,
  { dataImages = false, inlineStyles = false }: Pick<PageContent, 'dataImages' | 'inlineStyles'>,
): string {
  return [
    "default-src 'none'",
    `style-src ${source}${inlineStyles ? " 'unsafe-inline'" : ''}`,
    `img-src ${source}${dataImages ? ' data:' : ''}`,
    `font-src ${source}`,
    `script-src 'nonce-${nonce}'`,
    // Frames show documents that are written into them, and go nowhere else.
    "frame-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ');
}

function inFolder(extensionUri: Uri, path: string): Uri {
  return extensionUri.with({ path: `${extensionUri.path.replace(/\/$/, '')}/${path}` });
}
