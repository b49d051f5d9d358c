/**
 * A page that a peer has made, for a frame of ours: `sandbox=""` runs no script of it, opens nothing and sends no form,
 * and its policy lets it load nothing, from anywhere. Both hold for each of these by itself.
 */

const POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  'font-src data:',
  "form-action 'none'",
  "base-uri 'none'",
].join('; ');

/**
 * Elements that would have a browser look a name up or open a connection ahead of any use, or lead elsewhere: a browser
 * connects to where a frame or a pressed link leads before anything asks whether it may go there.
 */
const AHEAD = /<(\/?)(?=(?:link|meta|base|a|area|iframe|frame|object|embed)\b)/gi;

/** What stands in front of the page: its policy comes first, so that nothing of it comes before. */
export const FRAME_HEAD = `<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">`;

/** A page without the elements that no policy covers: they stay as elements of no meaning. */
export function framedPage(html: string): string {
  return html.replace(AHEAD, '<$1x-');
}
