/** Functions of the editor that a peer may be let call, what is told of its calls, and how peers come to us. */

import type { CallbackName } from './model';

/** All that can be exposed. A name that is not here does not exist for a peer, whatever a profile says. */
export const CALLBACK_NAMES: readonly CallbackName[] = [
  'print',
  'console',
  'stdout_write',
  'stderr_write',
  'record',
  'show',
  'notify',
  'progress',
  'ask',
  'confirm',
  'open_file',
];

export function isCallbackName(value: unknown): value is CallbackName {
  return (CALLBACK_NAMES as readonly unknown[]).includes(value);
}

/** `waiting` for its turn or for the user; `refused` by us; `failed` by what it was given; `ended` with its connection. */
export type CallState = 'waiting' | 'answered' | 'refused' | 'failed' | 'ended';

/** One call of a peer. Its texts are bounded lines in which nothing acts on the reader's screen. */
export interface CallRecord {
  /** Grows with each call; also from one process to the next. */
  readonly id: number;
  /** Who has called, as the user knows it. */
  readonly peer: string;
  readonly name: CallbackName;
  /** As Python would write them. */
  readonly args: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly state: CallState;
  /** What was answered, or why it was not; empty while it waits, and where the answer is None. */
  readonly answer: string;
}

/** What a call makes the editor do without an answer of its user's. */
export type CallEffect = { readonly peer: string } & (
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'notify'; readonly text: string }
  | { readonly kind: 'show'; readonly title: string; readonly text: string }
  | {
      readonly kind: 'progress';
      /** Null ends it, as does `done` that has reached `total`. */
      readonly done: number | null;
      readonly total: number | null;
      readonly text: string;
    }
  /** The connection of the peer is gone, and what it had going with it. */
  | { readonly kind: 'gone' }
);

/** What has happened since the last time: told in portions, so that a flood keeps nobody from working. */
export interface CallNews {
  /** New calls and those that have got another state, the oldest first. */
  readonly calls: readonly CallRecord[];
  readonly effects: readonly CallEffect[];
  /** Calls that were answered and are not listed: they came too fast. */
  readonly unlisted: number;
  /** Characters that were not printed, for the same reason. */
  readonly dropped: number;
}

/** What a call needs the user for. */
export type CallQuestion = { readonly peer: string } & (
  | { readonly kind: 'ask'; readonly text: string; readonly value: string }
  | { readonly kind: 'confirm'; readonly text: string }
  | { readonly kind: 'openFile'; readonly path: string; readonly line: number }
  /** Somebody who knows the token has connected to our listener. */
  | { readonly kind: 'admit'; readonly names: readonly CallbackName[]; readonly from: string }
);

/** The user's answer; `error` is a sentence that the peer gets as a ValueError. */
export type CallAnswer = { readonly value: string | boolean | null } | { readonly error: string };

/** A Unix socket that only the user can reach, or a port of this machine alone. */
export type ListenWay = 'unix' | 'loopback';

export interface ListenParams {
  readonly way: ListenWay;
  readonly names: readonly CallbackName[];
}

/** A listener that runs, with all that it takes to connect to it. */
export interface ListenerInfo {
  readonly way: ListenWay;
  /** Of a Unix socket. */
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
  /** Stands in the first line that a client sends. Never logged. */
  readonly token: string;
  readonly names: readonly CallbackName[];
  /** Who is connected now; empty where nobody is. */
  readonly peer: string;
}

/** What became of the listener; without it there is none, and `idle` says that it has ended by itself. */
export interface ListenerNews {
  readonly listener?: ListenerInfo;
  readonly idle?: boolean;
}
