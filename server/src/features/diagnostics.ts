import type { ConnectionState, Problem, Profile } from '../api/model';
import { endpointOf } from '../api/transport';
import type { ConnectionPool } from './pool/connectionPool';
import type { WireLog } from './pool/wireLog';
import { ProblemCode } from './problem';
import { Redactor } from './redactor';

/** Problems that the report tells, the newest. */
const KEPT_PROBLEMS = 20;

/** What is told of problems whose own words may hold anything: names that nobody knows, or values of the peer. */
const WITHHELD: ReadonlyMap<string, string> = new Map([
  [ProblemCode.profile, 'a profile is not valid'],
  [ProblemCode.remote, 'the remote Python raised an exception'],
]);

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
    const line = `${profile.transport.kind} ${endpointOf(profile.transport)} (${wanted.join(', ')}): ${describeState(state)}`;
    return this.redactor.redact(line);
  }

  /** The names are taken out now: the profile may be gone when the report is asked for. */
  private keep({ code, message, detail }: Problem): void {
    this.redactor.learn(this.options.pool.profiles);
    const text = WITHHELD.get(code) ?? message;
    const cause = detail === undefined || WITHHELD.has(code) ? '' : ` [${firstLine(detail)}]`;
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

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
