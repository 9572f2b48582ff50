/** What the manifests of the app are rendered from. */
export interface AppManifest {
  namespace: string;
  /** References as the node knows them. */
  images: { postgres: string; backend: string; frontend: string };
  storageClass: string;
  /** Of the one Service that is reached from outside: HTTPS. */
  nodePort: number;
  seed: Seed;
  /** Milliseconds between two canaries; absent: none are written. */
  heartbeat?: number;
  /** SHA-256 of the certificate in the Secret `app-tls`, hex. nginx reads it when it starts, so another one is another pod. */
  certificate: string;
}

export interface Seed {
  users: number;
  avatars: number;
}

/**
 * Secrets that are there before the pods, by role of the database; each has the one key `password`, without a newline.
 * The backend reads its own anew for each connection; `migrate` sets what the files say.
 */
export const PASSWORDS = { postgres: 'postgres-superuser', app_owner: 'postgres-owner', app: 'postgres-app' } as const;
export type Role = keyof typeof PASSWORDS;

/** Of type kubernetes.io/tls: the chain in `tls.crt`, the key in `tls.key`. */
export const TLS_SECRET = 'app-tls';

/** Of the rows and files that `seed` makes (app/backend/users_api/seed_data.py). */
const SEED_VERSION = 1;

/** What /api/health says in `database.seed` once this seed is in. */
export const seedMark = ({ users, avatars }: Seed): string => `${SEED_VERSION}-${users}-${avatars}`;
