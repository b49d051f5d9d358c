/**
 * Packages of another Debian release than the machine's own, unpacked into the cache and not installed.
 * Lists and caches of its own are used, so that the machine's package sources stay as they are.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { findProgram, run, ToolError } from './command.mjs';

export function canUnpackFromDebian() {
  return findProgram('apt-get') !== undefined && findProgram('dpkg') !== undefined;
}

/**
 * Unpacks packages, without what they depend on.
 *
 * @param release code name, for instance `forky`
 * @param packages names of packages
 * @param folder becomes their root
 */
export async function unpackFromDebian(release, packages, folder) {
  const apt = path.join(folder, 'apt');
  for (const part of ['lists/partial', 'cache/archives/partial']) {
    mkdirSync(path.join(apt, part), { recursive: true });
  }
  const sources = path.join(apt, 'sources.list');
  writeFileSync(sources, `deb ${debianMirror()} ${release} main\n`);
  const options = [
    ['Dir::Etc::SourceList', sources],
    ['Dir::Etc::SourceParts', '/dev/null'],
    ['Dir::State::Lists', path.join(apt, 'lists')],
    ['Dir::Cache', path.join(apt, 'cache')],
    ['APT::Sandbox::User', process.env.USER ?? 'root'],
    ['Acquire::Languages', 'none'],
    // Old releases and frozen mirrors are past their date; the signature is checked all the same.
    ['Acquire::Check-Valid-Until', 'false'],
  ].flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  await run('apt-get', [...options, 'update']);
  await run('apt-get', [...options, 'download', ...packages], { cwd: apt });
  const archives = readdirSync(apt).filter((name) => name.endsWith('.deb'));
  if (archives.length !== packages.length) {
    throw new ToolError(`Debian ${release} gave ${archives.length} of ${packages.join(', ')}`);
  }
  for (const archive of archives) {
    await run('dpkg', ['-x', path.join(apt, archive), folder]);
  }
  rmSync(apt, { recursive: true });
}

/** The mirror that the machine already uses. */
function debianMirror() {
  const folder = '/etc/apt/sources.list.d';
  const listed = existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
  for (const file of ['/etc/apt/sources.list', ...listed]) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const match = /^(?:URIs:|deb)\s+(?:\[[^\]]*\]\s+)?(\S*\/debian)\/?(?:\s|$)/m.exec(text);
    if (match?.[1] !== undefined) {
      return match[1];
    }
  }
  throw new ToolError(
    'No Debian mirror is named in /etc/apt: name one there to bring packages of other releases',
  );
}
