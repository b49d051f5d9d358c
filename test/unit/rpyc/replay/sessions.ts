/** The recorded sessions, and the client that each of them has. */
import type { Scenario } from '../../../support/replay/replayClient';
import { classicScenario } from './classicScenario';
import { customScenario } from './customScenario';
import { helpersScenario } from './helpersScenario';
import { isinstanceScenario } from './isinstanceScenario';

const VERSIONS = ['4.1.5', '5.3.0', '6.0.2'] as const;

const scenarios: ReadonlyMap<string, Scenario> = new Map([
  ['classic', classicScenario],
  ['custom', customScenario],
  ['helpers', helpersScenario],
  ['isinst', isinstanceScenario],
]);

/** Sessions of versions that are not in `VERSIONS`, or of Python 2. */
const OLD_SESSIONS: Readonly<Record<string, readonly string[]>> = {
  classic: ['3.4.4', '3.4.4-py27', '4.0.2', '4.0.2-py27'],
  custom: ['3.3', '3.4.4', '3.4.4-py27', '4.0.2', '4.0.2-py27'],
  helpers: ['4.0.2'],
  isinst: ['4.0.2'],
};

function sessionsOf(kind: string): readonly string[] {
  return [...(OLD_SESSIONS[kind] ?? []), ...VERSIONS].map((version) => `${kind}-${version}`);
}

export const customSessions: readonly string[] = [
  ...sessionsOf('custom'),
  'custom-5.3.1-bind',
  'custom-6.0.2-bind',
];

export const sessions: readonly string[] = [
  ...['classic', 'helpers', 'isinst'].flatMap(sessionsOf),
  ...customSessions,
];

export const registrySessions: readonly string[] = [
  ...['udp', 'tcp'].flatMap((transport) =>
    ['3.4.4', '4.0.2', ...VERSIONS].map((version) => `registry-${transport}-${version}`),
  ),
  'registry-udp-4.0.2-py27',
];

export function scenarioOf(session: string): Scenario {
  const scenario = scenarios.get(session.slice(0, session.indexOf('-')));
  if (scenario === undefined) throw new Error(`No scenario for ${session}`);
  return scenario;
}
