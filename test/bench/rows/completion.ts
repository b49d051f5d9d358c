/** How long a text waits for what the live objects have to offer. */
import { Connect, LiveComplete, Run } from '../../../server/src/api/messages';
import { Backend, BACKENDS } from '../../support/backend';
import { profileTo } from '../../support/pool';
import { type RpycVersion, startClassic } from '../../support/pythonPeer';
import type { Row, RowResult } from '../row';
import { summarise } from '../stats';

const TARGET_MS = 100;
const QUESTIONS = 50;
const MEMBERS = 1000;
/** About as long as a file gets. */
const TEXT = 'x = [1, (2, "three")]  # a line\n'.repeat(1000);

const SOURCE = `
class Wide(object):
    def method(self): pass
for n in range(${MEMBERS}):
    setattr(Wide, 'member_%04d' % n, Wide.method if n % 2 else n)
wide = Wide()
`;

/** Through the background process as it ships, as the editor asks it. */
async function members(version: RpycVersion): Promise<RowResult> {
  await using server = await startClassic(version);
  await using backend = await Backend.start([profileTo(server)], { program: BACKENDS.bundle });
  await backend.request(Connect, { profileId: 'p' });
  await backend.request(Run, {
    profileId: 'p',
    runId: 'r',
    source: SOURCE,
    fileName: 'bench.py',
    lineOffset: 0,
  });
  const samples: number[] = [];
  for (let n = -1; n < QUESTIONS; n++) {
    const before = performance.now();
    const place = { profileId: 'p', before: `${TEXT}wide.`, after: '' };
    const answer = await backend.request(LiveComplete, place);
    const took = performance.now() - before;
    if (answer?.found.length !== MEMBERS) throw new Error(`${answer?.found.length ?? 0} were offered`);
    if (n >= 0) samples.push(took);
  }
  const ours = summarise(samples);
  return {
    figure: ours.median,
    unit: 'ms',
    target: { value: TARGET_MS, bound: 'most' },
    rawUnit: 'ms',
    ours,
    note: `from the question of the editor to ${MEMBERS} suggestions`,
  };
}

export function completionRows(version: RpycVersion): readonly Row[] {
  return [
    {
      name: 'completion',
      what: `the members of an object with ${MEMBERS}, on a warm connection`,
      run: () => members(version),
    },
  ];
}
