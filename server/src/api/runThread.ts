/** The check of a profile's `runOn`: which thread of the peer runs what the user runs. */
import { type Fault, isFields, isLine, isOneOf, unknownField, wrong } from './fields';
import type { HostProgram, RunThread } from './model';

export const RUN_THREADS = ['connection', 'worker', 'main'] as const;

export const HOST_PROGRAMS: readonly HostProgram[] = [
  'auto',
  'ida',
  'blender',
  'houdini',
  'maya',
  'gdb',
  'qt',
  'other',
];

/** Longest Python that says how a callable is posted, in UTF-16 code units. */
export const MAX_POST = 1000;

/** @returns undefined for the connection's own thread */
export function checkRunThread(
  value: unknown,
): { readonly runOn: RunThread | undefined } | { readonly fault: Fault } {
  if (!isFields(value)) {
    return wrong('runOn', 'must be an object with thread');
  }
  const { thread, host, post } = value;
  if (!isOneOf(RUN_THREADS, thread)) {
    return wrong('runOn.thread', `must be one of ${RUN_THREADS.join(', ')}`);
  }
  const known = thread !== 'main' ? [] : host === 'other' ? ['host', 'post'] : ['host'];
  const unknown = unknownField(value, ['thread', ...known]);
  if (unknown !== undefined) {
    return wrong(`runOn.${unknown}`, 'is not a field of this thread');
  }
  if (thread !== 'main') {
    return { runOn: thread === 'worker' ? { thread } : undefined };
  }
  if (host !== undefined && !isOneOf(HOST_PROGRAMS, host)) {
    return wrong('runOn.host', `must be one of ${HOST_PROGRAMS.join(', ')}`);
  }
  if (host !== 'other') {
    return { runOn: { thread, host: host ?? 'auto' } };
  }
  return isPost(post)
    ? { runOn: { thread, host, post: post.trim() } }
    : wrong('runOn.post', 'must be Python on one line that gives a function which posts a callable');
}

/** Whether a text may be the Python that gives the function of a program that has no recipe here. */
export function isPost(value: unknown): value is string {
  return isLine(value, MAX_POST) && value.trim() !== '';
}
