/** Hosts on networks of their own, for programs that run as root inside `unshare --net --pid`. */
import { execFileSync } from 'node:child_process';

import { TestProcess } from './childProcess';
import { eventually } from './poll';

export interface HostProcess {
  readonly child: TestProcess;
  /** Its address on the first network that it joined. */
  readonly address: string;
}

export function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/**
 * Starts a program in a network of its own, and joins it to ours by a pair of interfaces for each number: ours is
 * `near<number>` with `<prefix>.<number>.1`, the host's `<prefix>.<number>.2`.
 */
export async function startHost(
  numbers: readonly number[],
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  prefix = '10.81',
): Promise<HostProcess> {
  const child = new TestProcess('unshare', ['--net', '--', ...command], { env });
  await eventually(`the program of host ${numbers.join()} listens`, () =>
    /server started/i.test(child.stderr),
  );
  const inside = ['--target', String(child.pid), '--net', 'ip'];
  execFileSync('nsenter', [...inside, 'link', 'set', 'lo', 'up']);
  for (const number of numbers) {
    const [near, far] = [`near${number}`, `far${number}`];
    ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far);
    ip('link', 'set', far, 'netns', String(child.pid));
    ip('addr', 'add', `${prefix}.${number}.1/24`, 'broadcast', '+', 'dev', near);
    ip('link', 'set', near, 'up');
    for (const args of [
      ['addr', 'add', `${prefix}.${number}.2/24`, 'broadcast', '+', 'dev', far],
      ['link', 'set', far, 'up'],
    ]) {
      execFileSync('nsenter', [...inside, ...args]);
    }
  }
  return { child, address: `${prefix}.${numbers[0] ?? 0}.2` };
}

/** Starts one more program on a host, and waits until it writes what says that it is ready. */
export async function startOnHost(
  host: HostProcess,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
  ready: RegExp,
): Promise<TestProcess> {
  const child = new TestProcess('nsenter', ['--target', String(host.child.pid), '--net', ...command], {
    env,
  });
  await eventually(`a program on ${host.address} is ready`, () => {
    if (child.hasEnded) throw new Error(child.stderr);
    return ready.test(child.stdout + child.stderr);
  });
  return child;
}
