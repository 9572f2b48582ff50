import type { AnyStep, ExecResult, ObjectStore } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import type { Duration } from '../time/index.ts';
import type { Check, Level } from './check.ts';
import type { EscrowAt } from './escrow/place.ts';
import type { Manifest, PartOf, SourceName } from './set.ts';

/**
 * What can be taken, brought back and proven. Nothing is handed from step to step: `take` ends by writing its part to
 * KEYS.part(set, name), and `set.seal` reads it there.
 */
export interface Source<S extends SourceName = SourceName> {
  name: S;
  /** The last step's id is `<name>.take`; its decision is done when the part lies in the store. */
  take(site: Site, setId: string): AnyStep[];
  /** Into a site that stands; the last step's id is `<name>.restore`. `at`: a moment, where the source has them. */
  restore(part: PartOf<S>, into: Site, at?: Date): AnyStep[];
  damages: readonly Damage[];
}

/** A PostgreSQL that answers, wherever it runs: in a pod, or as a scratch container of this computer. */
export interface Postgres {
  /** For errors: 'postgres-0 of lab', 'the scratch database'. */
  name: string;
  /** stdout of `psql -XqAt -v ON_ERROR_STOP=1`. Errors: COMMAND_FAILED with psql's words; those of the way there. */
  psql(sql: string, options?: { database?: string; timeout?: Duration }): Promise<string>;
  /** In the server's surroundings, as its user. Any exit status is a result. */
  exec(argv: readonly string[], options?: { stdin?: string; timeout?: Duration; keep?: number }): Promise<ExecResult>;
}

/** A set whose signature held. */
export interface SealedSet {
  manifest: Manifest;
  /** Of the manifest's bytes. */
  sha256: string;
}

/** A copy of a set in a bucket of its own, to be broken. */
export interface SetCopy {
  store: ObjectStore;
  set: SealedSet;
  /** A copy too: its places and identity may be broken. */
  escrow: EscrowAt;
  /** Signs the manifest again with the artefacts as they are now: the damage was there before the backup was sealed. */
  reseal(change?: (manifest: Manifest) => Manifest): Promise<void>;
}

/** Thrown by `plant`: this very set has nothing that could be broken so, as one of a single pack has no two to exchange. */
export class NoRoom extends Error {}

/** A way in which a backup is broken, and how the checks must find it. A damage is a file in <source>/damages/. */
export interface Damage {
  /** 'postgres/wal-segment-missing' */
  id: string;
  title: string;
  source: SourceName | 'set';
  /** Errors: NoRoom. */
  plant(copy: SetCopy): Promise<void>;
  expect: {
    verdict: 'not verified' | 'inconclusive';
    code: NonNullable<Awaited<ReturnType<Check<never>['look']>>['code']>;
    level: Level;
  };
}
