/**
 * `npm test`: everything that proves the project, from a machine with git, Node and npm only.
 * Each stage runs whatever became of the ones before it, unless it needs what they make. A part that could not
 * run is a failure. It ends in a manifest and, alone on the last line, the counts.
 *
 * `npm test -- --only unit,interop` runs some stages, for use while developing.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { CACHE, REPOSITORY, writeAtomically } from './cache.mjs';
import { capture, exitOnSignals, findProgram, progress, run, ToolError } from './command.mjs';
import { ensurePeers } from './peers.mjs';
import { provisionAll } from './provision.mjs';
import { findPythons, runPythonTests } from './pythons.mjs';
import { newResultFile, readResults } from './results.mjs';
import { VSCODE_VERSIONS } from './vscodeBuild.mjs';

const MINIMUMS = JSON.parse(readFileSync(path.join(import.meta.dirname, 'minimums.json'), 'utf8'));
const REPORTER = path.join(import.meta.dirname, 'reporter.cjs');

/**
 * In order. `needs` names stages without which this one cannot run; `tests` marks those that count tests. Stages that are
 * `beside` run one after the other beside those that follow, up to the first one that is `alone`.
 */
const STAGES = [
  { name: 'provision', run: provisionAll },
  { name: 'types', needs: ['provision'], run: compileAnew },
  { name: 'lint', needs: ['provision'], beside: true, run: (_, quiet) => npmScript('check:lint', quiet) },
  { name: 'format', needs: ['provision'], beside: true, run: (_, quiet) => npmScript('check:format', quiet) },
  { name: 'build', needs: ['provision'], run: () => npmScript('package') },
  { name: 'unit', needs: ['types'], tests: true, run: mocha('unit', 10_000, 300) },
  { name: 'python', needs: ['provision'], tests: true, alone: true, run: runPythonTests },
  {
    name: 'interop',
    needs: ['types', 'build'],
    tests: true,
    // These tests wait for peers most of the time, so that files beside each other take a third of the time.
    run: mocha('interop', 60_000, 900, ['--parallel', '--jobs', '4']),
  },
  {
    name: 'survivors',
    needs: ['types'],
    tests: true,
    beside: true,
    run: mocha('interop/api', 60_000, 300, ['--exit', '--require', 'test/tools/survivors.cjs']),
  },
  { name: 'tutorial', needs: ['types', 'build'], tests: true, run: mocha('tutorial', 60_000, 300) },
  ...VSCODE_VERSIONS.map((version) => ({
    name: `e2e ${version}`,
    needs: ['types', 'build'],
    tests: true,
    alone: true,
    run: (results) =>
      inRepository(process.execPath, [path.join(import.meta.dirname, 'e2e.mjs'), version], results, 700),
  })),
  ...VSCODE_VERSIONS.map((version) => ({
    name: `restricted ${version}`,
    needs: ['types', 'build'],
    tests: true,
    run: (results) =>
      inRepository(
        process.execPath,
        [path.join(import.meta.dirname, 'e2e.mjs'), '--restricted', version],
        results,
        300,
      ),
  })),
  { name: 'ui', needs: ['types', 'build'], tests: true, run: mocha('ui', 300_000, 900) },
];

/** What was compiled from tests that are no more would be run. */
function compileAnew() {
  rmSync(path.join(REPOSITORY, 'out'), { recursive: true, force: true });
  return npmScript('check:types');
}

function npmScript(name, quiet = false) {
  return inRepository('npm', ['run', '--silent', name], undefined, 600, quiet);
}

function mocha(folder, timeoutMs, timeoutSeconds, switches = []) {
  const program = path.join(REPOSITORY, 'node_modules/mocha/bin/mocha.js');
  const files = `out/test/${folder}/**/*.test.js`;
  const args = ['--reporter', REPORTER, '--timeout', String(timeoutMs), ...switches, files];
  return (results, quiet) =>
    inRepository(process.execPath, [program, ...args], results, timeoutSeconds, quiet);
}

/** @param quiet shows what it writes when it has ended */
async function inRepository(command, args, results, timeoutSeconds, quiet = false) {
  const env = results === undefined ? process.env : { ...process.env, RPYC_TEST_RESULTS: results };
  const { code, output } = await run(command, args, {
    cwd: REPOSITORY,
    env,
    inherit: !quiet,
    allowFailure: true,
    timeoutSeconds,
  });
  if (quiet) {
    progress(`\n=== of ${path.basename(args.at(-1))}, which ran beside\n${output.trimEnd()}`);
  }
  if (code === 'timeout') {
    throw new ToolError(`did not end within ${timeoutSeconds} s`);
  }
  if (code !== 0) {
    throw new ToolError(`${path.basename(command)} ended with ${code}`);
  }
}

/** Runs a stage; `problems` is empty where all is well. */
async function runStage(stage, done) {
  const started = performance.now();
  const outcome = { name: stage.name, passed: 0, failed: 0, seconds: 0, problems: [] };
  const missing = (stage.needs ?? []).filter((name) => (done.get(name)?.problems.length ?? 0) > 0);
  if (missing.length > 0) {
    outcome.problems.push(`could not run: ${missing.join(' and ')} failed`);
  } else {
    progress(`\n=== ${stage.name}${stage.beside ? ', beside the next ones' : ''}`);
    const results = stage.tests ? newResultFile(stage.name) : undefined;
    try {
      await stage.run(results, stage.beside === true);
    } catch (error) {
      outcome.problems.push(error instanceof ToolError ? error.message : String(error?.stack ?? error));
    }
    if (results !== undefined) {
      count(outcome, readResults(results));
    }
  }
  outcome.failed ||= outcome.problems.length > 0 ? 1 : 0;
  outcome.seconds = Math.round((performance.now() - started) / 100) / 10;
  outcome.problems.forEach((problem) => progress(`${stage.name}: ${problem}`));
  return outcome;
}

function count(outcome, results) {
  if (results === undefined) {
    outcome.problems.push('the tests did not run to their end');
    return;
  }
  const { passed, pending, failed } = results;
  outcome.passed = passed;
  outcome.failed = failed.length;
  outcome.problems.push(...failed.map(({ title }) => `failed: ${title}`));
  if (pending > 0) {
    outcome.problems.push(`${pending} tests were skipped`);
  }
  const minimum = MINIMUMS[outcome.name];
  if (passed + failed.length < minimum) {
    outcome.problems.push(`only ${passed + failed.length} tests ran, of at least ${minimum}`);
  }
}

/** What `RPYC_PEERS` adds to the peers that every run has. */
function olderPeers() {
  const folder = process.env.RPYC_PEERS;
  return folder ? readdirSync(folder).filter((name) => name.startsWith('rpyc-')) : [];
}

async function writeManifest(outcomes) {
  const peers = await ensurePeers().catch(() => ({}));
  const manifest = {
    commit: capture('git', ['-C', REPOSITORY, 'rev-parse', '--short', 'HEAD']) ?? 'unknown',
    system: `${os.type()} ${os.release()}, ${os.availableParallelism()} cores`,
    node: process.versions.node,
    browser: capture(findProgram('chromium') ?? 'chromium', ['--version']) ?? 'none',
    vscode: VSCODE_VERSIONS,
    peers: Object.entries(peers).map(([version, peer]) => `rpyc ${version} on Python ${peer.pythonVersion}`),
    pythons: findPythons().map(({ version }) => version),
    olderPeers: olderPeers(),
    stages: outcomes,
  };
  writeAtomically(path.join(CACHE, 'results/manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const rows = outcomes.map(({ name, passed, failed, seconds, problems }) => {
    const counts = passed + failed > 0 ? `${passed} passed, ${failed} failed` : '';
    const state = problems.length === 0 ? 'ok' : 'FAILED';
    return `  ${name.padEnd(20)}${state.padEnd(8)}${`${seconds.toFixed(1)} s`.padStart(9)}  ${counts}`.trimEnd();
  });
  console.log(
    [
      '',
      'Manifest',
      `  Commit        ${manifest.commit}`,
      `  System        ${manifest.system}`,
      `  Node          ${manifest.node}`,
      `  Browser       ${manifest.browser}`,
      `  VS Code       ${manifest.vscode.join(', ')}`,
      `  RPyC peers    ${manifest.peers.join('; ')}`,
      `  Pythons       ${manifest.pythons.join(', ')}`,
      `  Older peers   ${manifest.olderPeers.join(', ') || 'none'}`,
      'Stages',
      ...rows,
      ...outcomes.flatMap(({ name, problems }) => problems.map((problem) => `  ${name}: ${problem}`)),
      `  Time          ${((performance.now() - begun) / 1000).toFixed(1)} s`,
      '',
    ].join('\n'),
  );
}

exitOnSignals();
const begun = performance.now();
const { values } = parseArgs({ options: { only: { type: 'string' } } });
const only = values.only?.split(',');
const unknown = (only ?? []).filter((name) => !STAGES.some((stage) => stage.name === name));
if (unknown.length > 0) {
  progress(`There is no stage ${unknown.join(', ')}; there are ${STAGES.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}
const done = new Map();
let beside = Promise.resolve();
for (const stage of STAGES.filter(({ name }) => only === undefined || only.includes(name))) {
  const work = async () => done.set(stage.name, await runStage(stage, done));
  if (stage.beside) {
    beside = beside.then(work);
  } else {
    if (stage.alone) {
      await beside;
    }
    await work();
  }
}
await beside;
const outcomes = STAGES.flatMap(({ name }) => done.get(name) ?? []);
await writeManifest(outcomes);
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
