/** References to secrets. What they name is kept by the editor and never stands in a profile. */
import { isFields, isLine } from './fields';
import type { Profile, SecretReference } from './model';

export const SECRET_RULE = 'must be { "secret": "name" }: the secret itself is kept by VS Code';

/** @returns the reference, or undefined where it is none */
export function readSecret(value: unknown): SecretReference | undefined {
  if (!isFields(value) || Object.keys(value).length !== 1) {
    return undefined;
  }
  const { secret } = value;
  return isLine(secret) && secret.trim() !== '' ? { secret } : undefined;
}

/** The names of all secrets that connecting needs. */
export function secretNames({ transport, preHandshake = [] }: Profile): readonly string[] {
  const said = preHandshake.flatMap((step) => Object.values(step) as readonly unknown[]);
  const passphrase = transport.kind === 'tls' ? transport.passphrase : undefined;
  const names = [passphrase, ...said].flatMap((value) => readSecret(value)?.secret ?? []);
  return [...new Set(names)];
}
