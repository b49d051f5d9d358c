/**
 * The real RPyC versions that the tests talk to.
 * 5.3.0 is Debian 12's own package; 6.0.2 comes from the next Debian release, unpacked into the cache since it is
 * pure Python and runs on the Python of this one. Where there is no apt, pip brings either into the cache.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { CACHE, fillOnce, writeAtomically } from './cache.mjs';
import { capture, findProgram, progress, run, ToolError } from './command.mjs';
import { canUnpackFromDebian, unpackFromDebian } from './debianArchive.mjs';

const PEER_VERSIONS = ['5.3.0', '6.0.2'];

/** What `test/support/pythonPeer.ts` reads: interpreter and search path for each version. */
export const PEERS_FILE = path.join(CACHE, 'peers', 'peers.json');

/** The release that packages 6.0.2. */
const NEXT_RELEASE = 'forky';

/** Makes every peer version available and writes {@link PEERS_FILE}. */
export async function ensurePeers() {
  const peers = {};
  for (const version of PEER_VERSIONS) {
    peers[version] = await ensurePeer(version);
  }
  const text = `${JSON.stringify(peers, null, 2)}\n`;
  if (!existsSync(PEERS_FILE) || readFileSync(PEERS_FILE, 'utf8') !== text) {
    writeAtomically(PEERS_FILE, text);
  }
  return peers;
}

/** A Python on this machine that can import some rpyc, for what needs no particular version. */
export function findPythonWithRpyc() {
  for (const python of pythons()) {
    const version = rpycVersion(python, '');
    if (version !== undefined) {
      return { python, pythonPath: '', version };
    }
  }
  if (existsSync(PEERS_FILE)) {
    for (const peer of Object.values(JSON.parse(readFileSync(PEERS_FILE, 'utf8')))) {
      const version = rpycVersion(peer.python, peer.pythonPath);
      if (version !== undefined) {
        return { ...peer, version };
      }
    }
  }
  return undefined;
}

async function ensurePeer(version) {
  for (const python of pythons()) {
    if (rpycVersion(python, '') === version) {
      return describe(python, '');
    }
  }
  const folder = path.join(CACHE, 'peers', `rpyc-${version}`);
  const pythonPath = path.join(folder, 'usr/lib/python3/dist-packages');
  const python = pythons().find((candidate) => capture(candidate, ['-c', 'import plumbum']) !== undefined);
  const installed = await fillOnce(folder, version, async () => {
    progress(`Fetching rpyc ${version}`);
    if (python !== undefined && version === '6.0.2' && canUnpackFromDebian()) {
      try {
        await unpackFromDebian(NEXT_RELEASE, ['python3-rpyc'], folder);
        return;
      } catch (error) {
        progress(`Not from Debian: ${error.message}`);
      }
    }
    await installWithPip(version, pythonPath);
  });
  for (const candidate of python === undefined ? pythons() : [python]) {
    if (rpycVersion(candidate, pythonPath) === version) {
      return describe(candidate, pythonPath);
    }
  }
  throw new ToolError(
    `rpyc ${version} in ${folder} cannot be imported; ` +
      (installed ? 'install python3 with plumbum (apt-get install python3-plumbum)' : 'delete that folder'),
  );
}

/** The Pythons of this machine that are worth asking; one earlier on the PATH may be without the packages of the system's own. */
export function pythons() {
  const found = ['/usr/bin/python3', findProgram('python3')];
  return [...new Set(found.filter((python) => python !== undefined && existsSync(python)))];
}

function rpycVersion(python, pythonPath) {
  const env = { ...process.env, PYTHONPATH: pythonPath, PYTHONDONTWRITEBYTECODE: '1' };
  return capture(python, ['-c', 'import rpyc; print(rpyc.__version__)'], { env });
}

function describe(python, pythonPath) {
  const version = capture(python, ['-c', 'import platform; print(platform.python_version())']);
  return { python, pythonPath, pythonVersion: version ?? 'unknown' };
}

async function installWithPip(version, target) {
  for (const python of pythons()) {
    if (capture(python, ['-m', 'pip', '--version']) !== undefined) {
      const args = ['-m', 'pip', 'install', '--quiet', '--target', target, `rpyc==${version}`];
      await run(python, args);
      return;
    }
  }
  throw new ToolError(
    `No way to fetch rpyc ${version}: install apt-get's python3-plumbum, or pip, and try again`,
  );
}
