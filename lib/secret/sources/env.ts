import { OpsError } from '../../errors/index.ts';
import { Secret } from '../secret.ts';
import type { ReferenceDeps } from './deps.ts';

/** env:NAME */
export function fromEnvironment(name: string, { env }: Pick<ReferenceDeps, 'env'>): Secret {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value) return new Secret(value);
  const state = value === '' ? 'it is empty' : 'it is not set';
  throw new OpsError('SECRET_MISSING', `cannot read env:${name}: ${state}`, { hint: `export ${name}=...` });
}
