/** The check of a profile's `preHandshake`: what is said and heard before the protocol. */
import { type Fault, isFields, wrong } from './fields';
import type { PreHandshakeStep, PreHandshakeValue } from './model';
import { readSecret } from './secrets';

export const STEP_NAMES = ['send', 'sendFrame', 'expect', 'expectFrame', 'expectFrameNot'] as const;
export const MAX_STEPS = 16;
/** Longest text or hexadecimal digits of a step, in UTF-16 code units. */
export const MAX_STEP_TEXT = 4096;

const STEPS_RULE = `must be a list of at most ${MAX_STEPS} steps`;
const STEP_RULE = `must be an object with one of ${STEP_NAMES.join(', ')}`;
const VALUE_RULE = 'must be a text, { "hex": "00ff" } or { "secret": "name" }';

export function checkPreHandshake(
  value: unknown,
): { readonly steps: readonly PreHandshakeStep[] } | { readonly fault: Fault } {
  if (!Array.isArray(value) || value.length > MAX_STEPS) {
    return wrong('preHandshake', STEPS_RULE);
  }
  const steps: PreHandshakeStep[] = [];
  for (const [index, given] of (value as readonly unknown[]).entries()) {
    const where = `preHandshake[${index}]`;
    const names = isFields(given) ? Object.keys(given) : [];
    const name = STEP_NAMES.find((each) => each === names[0]);
    if (!isFields(given) || name === undefined || names.length !== 1) {
      return wrong(where, STEP_RULE);
    }
    const said = readValue(given[name]);
    if (said === undefined) {
      return wrong(`${where}.${name}`, VALUE_RULE);
    }
    steps.push({ [name]: said } as unknown as PreHandshakeStep);
  }
  return { steps };
}

function readValue(value: unknown): PreHandshakeValue | undefined {
  if (typeof value === 'string') {
    return value.length <= MAX_STEP_TEXT ? value : undefined;
  }
  const secret = readSecret(value);
  if (secret !== undefined || !isFields(value) || Object.keys(value).length !== 1) {
    return secret;
  }
  const { hex } = value;
  const isHex = typeof hex === 'string' && hex.length <= MAX_STEP_TEXT && /^([0-9a-f]{2})+$/i.test(hex);
  return isHex ? { hex } : undefined;
}
