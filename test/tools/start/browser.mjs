/** The user's default browser. */
import { spawn } from 'node:child_process';

import { findProgram } from '../command.mjs';

const OPENERS = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''], linux: ['xdg-open'] };

/** How long an opener that finds no browser may take to say so. */
const GIVE_UP_MS = 3000;

/**
 * Opens an address in the default browser, which goes on when this process ends: it is the user's.
 *
 * @returns whether there was one
 */
export async function openInBrowser(address) {
  const opener = OPENERS[process.platform];
  const screen = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (opener === undefined || !screen || findProgram(opener[0]) === undefined) {
    return false;
  }
  const child = spawn(opener[0], [...opener.slice(1), address], { stdio: 'ignore', detached: true });
  child.unref();
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), GIVE_UP_MS);
    const settle = (found) => {
      clearTimeout(timer);
      resolve(found);
    };
    child.once('error', () => settle(false));
    child.once('exit', (code) => settle(code === 0));
  });
}
