/** The processes of this machine, as Linux shows them under /proc. */
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** Words of the command line, between spaces. */
  readonly command: string;
}

/** All processes that have not ended; those that end meanwhile are left out. */
export function processTable(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => entryOf(Number(name)) ?? []);
}

/** Processes that were started with `name=value` in their environment, by anybody. */
export function processesWithVariable(name: string, value: string): ProcessEntry[] {
  const wanted = `${name}=${value}`;
  return processTable().filter(({ pid }) => read(pid, 'environ')?.split('\0').includes(wanted) === true);
}

/** The processes that `pid` has started, and those that they have started. */
export function descendants(pid: number, table = processTable()): ProcessEntry[] {
  const children = table.filter(({ parent }) => parent === pid);
  return children.flatMap((child) => [child, ...descendants(child.pid, table)]);
}

function entryOf(pid: number): ProcessEntry | undefined {
  const stat = read(pid, 'stat');
  // The name before the state may hold anything, parentheses too.
  const [state, parent] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  if (state === undefined || state === 'Z' || state === 'X') return undefined;
  return { pid, parent: Number(parent), command: (read(pid, 'cmdline') ?? '').replaceAll('\0', ' ').trim() };
}

function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
