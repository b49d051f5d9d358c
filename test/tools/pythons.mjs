/**
 * The Pythons on which the tests of what runs on the peer are run: the system's own, 2.7, and whatever other
 * version this machine has.
 * `node test/tools/pythons.mjs` runs those tests on all of them.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

import { CACHE, fillOnce, REPOSITORY } from './cache.mjs';
import { capture, exitOnSignals, findProgram, progress, run, runMain, ToolError } from './command.mjs';
import { canUnpackFromDebian, unpackFromDebian } from './debianArchive.mjs';
import { newResultFile } from './results.mjs';

/** The last Debian release with Python 2.7; its packages run as they are when they are unpacked. */
const PYTHON2_RELEASE = 'bullseye';
const PYTHON2_PACKAGES = ['python2.7-minimal', 'libpython2.7-minimal', 'libpython2.7-stdlib'];
const PYTHON2_FOLDER = path.join(CACHE, 'python-2.7');

const TESTS = path.join(REPOSITORY, 'test/python');
const VERSION = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';

/** Makes a Python 2.7 available. */
export async function ensurePython2() {
  if (usable(findProgram('python2.7')) !== undefined) {
    return;
  }
  if (!canUnpackFromDebian()) {
    throw new ToolError('Python 2.7 is missing: install it, so that python2.7 is on the PATH');
  }
  await fillOnce(PYTHON2_FOLDER, PYTHON2_RELEASE, async () => {
    progress('Fetching Python 2.7');
    await unpackFromDebian(PYTHON2_RELEASE, PYTHON2_PACKAGES, PYTHON2_FOLDER);
  });
}

/** Every Python that is found, one of each minor version: `{ version, python }`, oldest first. */
export function findPythons() {
  const pyenv = path.join(process.env.PYENV_ROOT ?? path.join(homedir(), '.pyenv'), 'versions');
  const minors = Array.from({ length: 20 }, (_, minor) => findProgram(`python3.${minor}`));
  const candidates = [
    '/usr/bin/python3',
    findProgram('python3'),
    path.join(PYTHON2_FOLDER, 'usr/bin/python2.7'),
    findProgram('python2.7'),
    ...minors,
    ...(existsSync(pyenv) ? readdirSync(pyenv).map((name) => path.join(pyenv, name, 'bin/python')) : []),
  ];
  const found = new Map();
  for (const python of candidates) {
    const version = usable(python);
    const minor = version?.split('.').slice(0, 2).join('.');
    if (minor !== undefined && !found.has(minor)) {
      found.set(minor, { version, python });
    }
  }
  return [...found.values()].sort((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }));
}

/** The version, where this Python has what the tests need. */
function usable(python) {
  if (python === undefined || !existsSync(python)) {
    return undefined;
  }
  return capture(python, ['-c', `import json, unittest; ${VERSION}`], { env: environment() });
}

function environment() {
  return { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: '' };
}

/**
 * Runs the tests on every Python, two at a time.
 *
 * @param resultFile gets the sum; a test counts as skipped where no Python has run it
 */
export async function runPythonTests(resultFile) {
  const passed = [];
  const failed = [];
  const skipped = new Set();
  const runOne = async ({ version, python }) => {
    progress(`Python ${version}`);
    const file = newResultFile(`python ${version}`);
    const script = path.join(import.meta.dirname, 'python_tests.py');
    await run(python, [script, TESTS, file], {
      cwd: REPOSITORY,
      env: environment(),
      inherit: true,
      allowFailure: true,
      timeoutSeconds: 180,
    });
    if (!existsSync(file)) {
      throw new ToolError(`The tests did not run to their end on Python ${version}`);
    }
    const results = JSON.parse(readFileSync(file, 'utf8'));
    passed.push(...results.passed);
    results.skipped.forEach((test) => skipped.add(test));
    failed.push(...results.failed.map((test) => ({ ...test, title: `Python ${version}: ${test.title}` })));
    rmSync(file);
  };
  const waiting = findPythons();
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await runOne(next);
    }
  };
  // Each test mostly waits for threads of its own.
  await Promise.all([work(), work()]);
  const ran = new Set(passed);
  const pending = [...skipped].filter((test) => !ran.has(test)).length;
  writeFileSync(resultFile, JSON.stringify({ passed: passed.length, pending, failed }));
  if (failed.length > 0) {
    throw new ToolError(`${failed.length} tests failed`);
  }
}

if (process.argv[1] === import.meta.filename) {
  exitOnSignals();
  await runMain(async () => {
    await ensurePython2();
    await runPythonTests(newResultFile('python'));
  });
}
