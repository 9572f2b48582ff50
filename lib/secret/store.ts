import type { Secret } from './secret.ts';

/** How a generated secret looks. */
export interface Shape {
  /** Characters of a-z, A-Z, 0-9; at least 16. */
  length: number;
}

/**
 * The secrets of one site, by name ('app/postgres-password', 'pki/ca-key').
 * A reference (env:, file:, bw:) is read where it points; what muster generates lies in .muster/<site>/secrets, 0600.
 */
export interface SecretStore {
  /** undefined: there is none. Errors: SECRET_UNREADABLE. */
  get(name: string): Promise<Secret | undefined>;
  /** Durable before it resolves. */
  put(name: string, value: Secret): Promise<void>;
  /** The existing one, or a new one; two callers at once get the same. */
  generate(name: string, shape: Shape): Promise<Secret>;
  remove(name: string): Promise<void>;
  /** Names only, sorted. */
  list(): Promise<string[]>;
}
