import os from 'node:os';

import type { ConnectionState, Problem, Profile } from '../api/model';
import { endpointOf } from '../api/profile';
import type { ConnectionPool } from './pool/connectionPool';
import type { WireLog } from './pool/wireLog';
import { ProblemCode } from './problem';

/** Problems that the report tells, the newest. */
const KEPT_PROBLEMS = 20;

export interface DiagnosticsReportOptions {
  /** Names this start of the process. */
  readonly epoch: string;
  readonly pool: ConnectionPool;
  readonly wireLog: WireLog;
}

/**
 * A report that can be pasted into a public bug tracker: versions, states, numbers, the last problems and the last
 * wire events. Hosts, labels, user names and values are taken out; two connections to one host are still seen to be so.
 */
export class DiagnosticsReport {
  private readonly problems: string[] = [];
  private readonly redactor = new Redactor();
  private newest: Problem | undefined;

  constructor(private readonly options: DiagnosticsReportOptions) {
    options.pool.onDidChangeState(({ problem }) => {
      if (problem !== undefined && problem !== this.newest) {
        this.newest = problem;
        this.keep(problem);
      }
    });
  }

  text(): string {
    const { epoch, pool, wireLog } = this.options;
    this.redactor.learn(pool.profiles);
    const sections = [
      ['RPyC diagnostics'],
      [
        `Node ${process.versions.node}, ${process.platform} ${process.arch}`,
        `Process ${process.pid}, epoch ${epoch}, up ${Math.round(process.uptime())} s`,
        `Memory ${Math.round(process.memoryUsage().rss / 1024 / 1024)} MiB`,
      ],
      ['Connections:', ...pool.profiles.map((profile) => this.connection(profile))],
      [
        'Open sockets:',
        ...[...pool.openConnections].map(([at, count]) => `${this.redactor.redact(at)}: ${count}`),
      ],
      [`Waiting for a connection: ${pool.waiting}`],
      ['Last problems:', ...this.problems],
      ['Last wire events:', ...[...wireLog.events].flatMap(([name, events]) => [name, ...indent(events)])],
    ];
    return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
  }

  private connection(profile: Profile): string {
    const state = this.options.pool.state(profile.id);
    const wanted = [
      `service ${profile.service}`,
      `dialect ${profile.dialect ?? 'auto'}`,
      ...(profile.oneShot === true ? ['one-shot'] : []),
    ];
    const line = `${endpointOf(profile.transport)} (${wanted.join(', ')}): ${describeState(state)}`;
    return this.redactor.redact(line);
  }

  /** The names are taken out now: the profile may be gone when the report is asked for. */
  private keep({ code, message, detail }: Problem): void {
    this.redactor.learn(this.options.pool.profiles);
    // A profile that is not valid is not known by its names.
    const text = code === ProblemCode.profile ? 'a profile is not valid' : message;
    const cause = detail === undefined ? '' : ` [${firstLine(detail)}]`;
    this.problems.push(this.redactor.redact(`${new Date().toISOString()} ${code}: ${text}${cause}`));
    this.problems.splice(0, this.problems.length - KEPT_PROBLEMS);
  }
}

function describeState(state: ConnectionState): string {
  const { status, stage, generation, openConnections, busy, peer, problem } = state;
  return [
    stage === undefined ? status : `${status} (${stage})`,
    `generation ${generation}`,
    `${openConnections} open`,
    ...(busy ? ['busy'] : []),
    ...(peer === undefined
      ? []
      : [
          `dialect ${peer.dialect}`,
          `rpyc ${peer.rpycVersion ?? 'unknown'}`,
          `Python ${peer.pythonVersion ?? 'unknown'}`,
          `${peer.serverKind} server`,
          peer.service,
        ]),
    ...(problem === undefined ? [] : [problem.code]),
  ].join(', ');
}

/** Says nothing about anybody, and much about what is wrong. */
const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);

/** Knows the names that were ever met, and takes them out of a text, with whatever looks like a secret. */
class Redactor {
  private readonly names = new Map([
    [os.homedir(), '<home>'],
    [os.hostname(), '<this host>'],
  ]);
  private hosts = 0;

  learn(profiles: readonly Profile[]): void {
    for (const { transport, label } of profiles) {
      if (!LOOPBACK.has(transport.host) && !this.names.has(transport.host)) {
        this.hosts += 1;
        this.names.set(transport.host, `<host-${this.hosts}>`);
      }
      if (!this.names.has(label)) {
        this.names.set(label, `<connection to ${this.names.get(transport.host) ?? transport.host}>`);
      }
    }
  }

  redact(text: string): string {
    // Longer names first, so that no part of one is replaced before the whole.
    return [...this.names]
      .filter(([name]) => name.length > 1)
      .sort(([a], [b]) => b.length - a.length)
      .reduce((line, [name, stand]) => line.replace(wholeName(name), stand), text)
      .replace(
        /\b(pass(?:word|wd|phrase)?|token|secret|key|authorization)(["']?\s*[=:]\s*)\S+/gi,
        '$1$2<secret>',
      )
      .replace(/(\/(?:home|Users)\/)[^/\s]+/g, '$1<user>');
  }
}

function wholeName(name: string): RegExp {
  const literal = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'gu');
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
