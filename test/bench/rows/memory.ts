/** What the background process takes: idle, and after much use. */
import { existsSync, readFileSync } from 'node:fs';

import { Connect, ObjectChildren, ObjectRelease, ObjectRoots, Run } from '../../../server/src/api/messages';
import type { ObjectNode } from '../../../server/src/api/model';
import { Backend, BACKENDS } from '../../support/backend';
import { named } from '../../support/explorer';
import { profileTo } from '../../support/pool';
import { startClassic } from '../../support/pythonPeer';
import type { Row, RowResult } from '../row';
import { summarise } from '../stats';

const IDLE_MB = 60;
const EXPANSIONS = 10_000;
/** Rows that are opened and closed in one turn. */
const WIDTH = 100;
/** The heap finds its size in as many. */
const WARM_UP = 10_000;
const PRINTED_MB = 100;
const PRINTING_MB = 200;
const SAMPLE_MS = 20;
/** What a collector that is in no hurry leaves lying about. */
const SLACK_MB = 4;

/** The bundle is what runs in the editor; what the tests compiled stands in for it. */
function program(): { readonly program: string; readonly note: string } {
  return existsSync(BACKENDS.bundle)
    ? { program: BACKENDS.bundle, note: 'the bundle' }
    : {
        program: BACKENDS.compiled,
        note: 'compiled files; npm run build makes the bundle, which is smaller',
      };
}

/** Resident memory in MB. */
function residentMb(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match === null) throw new Error('This system does not tell the memory of a process');
  return Number(match[1]) / 1024;
}

async function idle(): Promise<RowResult> {
  const { program: file, note } = program();
  await using backend = await Backend.start([], { program: file });
  const ours = summarise([residentMb(backend.pid)]);
  return {
    figure: ours.median,
    unit: 'MB',
    target: { value: IDLE_MB, bound: 'most' },
    rawUnit: 'MB',
    ours,
    note,
  };
}

async function expansions(): Promise<RowResult> {
  const { program: file, note } = program();
  await using server = await startClassic('6.0.2');
  await using backend = await Backend.start([profileTo(server)], { program: file });
  await backend.request(Connect, { profileId: 'p' });
  const source = `x = [[n] for n in range(${WIDTH})]`;
  await backend.request(Run, { profileId: 'p', runId: 'r', source, fileName: '/bench.py', lineOffset: 0 });
  const children = async ({ handle }: ObjectNode): Promise<readonly ObjectNode[]> =>
    (await backend.request(ObjectChildren, { handle, offset: 0, limit: 500, filter: '' })).nodes;
  const roots = await backend.request(ObjectRoots, { profileId: 'p' });
  const list = named(await children(named(roots, 'Namespace')), 'x');
  const sizes: number[] = [];
  for (let done = 0; done <= WARM_UP + EXPANSIONS; done += WIDTH) {
    const rows = await children(list);
    const parts = (await Promise.all(rows.map(children))).flat();
    await backend.notify(ObjectRelease, { handles: [...rows, ...parts].map(({ handle }) => handle) });
    if (done >= WARM_UP) sizes.push(residentMb(backend.pid));
  }
  const tenth = Math.ceil(sizes.length / 10);
  const first = summarise(sizes.slice(0, tenth));
  const last = summarise(sizes.slice(-tenth));
  return {
    figure: last.median - first.median,
    unit: 'MB',
    target: { value: SLACK_MB, bound: 'most' },
    rawUnit: 'MB',
    ours: last,
    theirs: first,
    against: `after ${WARM_UP} expansions`,
    note: `resident memory; ${note}`,
  };
}

/** As much as a run prints in one go, with an editor that takes what comes. */
async function printing(): Promise<RowResult> {
  const { program: file, note } = program();
  await using server = await startClassic('6.0.2');
  await using backend = await Backend.start([profileTo(server)], { program: file });
  await backend.request(Connect, { profileId: 'p' });
  const line = `${'x'.repeat(99)}\\n`;
  const source = `import sys\nfor n in range(${PRINTED_MB * 100}): sys.stdout.write('${line}' * 100)`;
  const sizes: number[] = [];
  const timer = setInterval(() => sizes.push(residentMb(backend.pid)), SAMPLE_MS);
  const started = performance.now();
  try {
    await backend.request(Run, {
      profileId: 'p',
      runId: 'r',
      source,
      fileName: '/bench.py',
      lineOffset: 0,
    });
  } finally {
    clearInterval(timer);
  }
  const took = performance.now() - started;
  sizes.push(residentMb(backend.pid));
  return {
    figure: Math.max(...sizes),
    unit: 'MB',
    target: { value: PRINTING_MB, bound: 'most' },
    rawUnit: 'MB',
    ours: summarise(sizes),
    note: `resident memory at its peak, in a run of ${Math.round(took)} ms; ${note}`,
  };
}

export function memoryRows(): readonly Row[] {
  return [
    {
      name: 'memory-printing',
      what: `the background process while a run prints ${PRINTED_MB} MB`,
      run: printing,
    },
    { name: 'memory-idle', what: 'the background process, nothing connected', run: idle },
    {
      name: 'memory-expansions',
      what: `growth of the background process over ${EXPANSIONS} expansions and releases`,
      run: expansions,
    },
  ];
}
