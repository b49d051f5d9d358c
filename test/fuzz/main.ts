/**
 * `npm run fuzz -- [--seed N] [--inputs N] [--seconds N]`: a long run over brine, frames and the protocol. It prints its
 * seed, keeps what breaks under test/fuzz/cases, and ends with 1 where something did.
 */
import { parseArgs } from 'node:util';

import { keepCase } from './cases';
import { fuzz, shrinkCase } from './fuzz';

const MIB = 1024 * 1024;
/** What the heap may have grown by at the end of a run, after a collection. */
const MOST_GROWTH = 64 * MIB;
const REPORT_EVERY = 100_000;

function heapUsed(): number {
  global.gc?.();
  return process.memoryUsage().heapUsed;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      inputs: { type: 'string', default: '1000000' },
      seconds: { type: 'string', default: '3600' },
    },
  });
  const [seed, inputs, seconds] = [values.seed, values.inputs, values.seconds].map(Number);
  if (seed === undefined || !Number.isInteger(seed) || !((inputs ?? 0) > 0) || !((seconds ?? 0) > 0)) {
    say('Numbers are needed: --seed N --inputs N --seconds N');
    return 2;
  }
  const unhandled: unknown[] = [];
  process.on('uncaughtException', (error) => unhandled.push(error));
  // Those are told with the session that they belong to; here they must not end the process.
  process.on('unhandledRejection', () => undefined);
  say(`Seed ${seed}`);
  await fuzz({ seed, inputs: 20_000 });
  const heapBefore = heapUsed();
  const start = performance.now();
  let reported = 0;
  const report = await fuzz({
    seed,
    inputs: inputs ?? 0,
    seconds: seconds ?? 0,
    onProgress: (done) => {
      if (done < reported + REPORT_EVERY) return;
      reported = done;
      say(`${done} inputs, ${Math.round((performance.now() - start) / 1000)} s, ${mib(heapUsed())} of heap`);
    },
  });
  const took = (performance.now() - start) / 1000;
  const growth = heapUsed() - heapBefore;
  for (const { input, error } of report.failures) {
    say(
      `${keepCase(await shrinkCase(input))}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
  for (const error of unhandled) say(`Unhandled: ${String(error)}`);
  say(`${report.inputs} inputs in ${took.toFixed(1)} s: ${JSON.stringify(report.perTarget)}`);
  say(
    `${report.failures.length} failures, ${unhandled.length} unhandled errors, heap grew by ${mib(growth)}`,
  );
  return report.failures.length + unhandled.length > 0 || growth > MOST_GROWTH ? 1 : 0;
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

void main().then((code) => {
  process.exitCode = code;
});
