/** Where the tools keep what they fetch and build: a folder that git ignores, safe to delete at any time. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const REPOSITORY = path.resolve(import.meta.dirname, '../..');
export const CACHE = path.join(REPOSITORY, '.vscode-test');

/**
 * Fills a cache folder once. The stamp file is written last, so that a run that was cut short starts again.
 *
 * @param folder the folder to fill; emptied first
 * @param version what it holds; another version than the stamp's fills it anew
 * @param fill does the work
 * @returns whether there was anything to do
 */
export async function fillOnce(folder, version, fill) {
  const stamp = path.join(folder, '.complete');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === version) {
    return false;
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await fill();
  writeAtomically(stamp, version);
  return true;
}

/** Writes a file so that a reader sees the old or the new text and never a part. */
export function writeAtomically(file, text) {
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}
