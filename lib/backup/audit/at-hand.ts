import type { KeyObject } from 'node:crypto';
import type { ClusterApi, ObjectStore, StoredObject } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import type { Secret } from '../../secret/index.ts';
import type { Setting } from '../../store/index.ts';
import type { Check } from '../check.ts';
import type { EscrowAt } from '../escrow/place.ts';
import { newestComplete, type SetList } from '../list.ts';
import { type PartOf, partOf, type SourceName } from '../set.ts';
import type { SealedSet } from '../source.ts';
import type { Kopia } from '../velero/kopia.ts';

/** What an audit looks at. Whatever cannot be reached throws when it is asked for, and leaves the line unknown. */
export interface AuditAtHand {
  site: Site;
  now: Date;
  escrow: EscrowAt;
  store(): Promise<ObjectStore>;
  /** The same bucket with the keys of a restore. */
  reader(): Promise<ObjectStore>;
  /** The bucket of the other region, with the keys of a restore. */
  replica(): Promise<ObjectStore>;
  publicKey(): Promise<KeyObject>;
  /** Every set, newest first; asked once. */
  sets(): Promise<SetList>;
  /** Every object of the bucket, sorted by key; asked once. */
  objects(): Promise<StoredObject[]>;
  cluster(): Promise<ClusterApi>;
  /** undefined: there is no bucket. */
  settings(): Promise<readonly Setting[] | undefined>;
  /** That of pgBackRest's repository, as the site keeps it. */
  cipher(): Promise<Secret | undefined>;
  /** The repository of a namespace, read-only, for as long as `use` takes. */
  kopia<T>(namespace: string, use: (kopia: Kopia) => Promise<T>): Promise<T>;
}

export type AuditCheck = Check<AuditAtHand>;
export type Look = ReturnType<AuditCheck['look']>;

const absent = (got: string): Awaited<Look> => ({ state: 'failed', code: 'SET_ABSENT', got });

/** Of the newest complete set: without one the check has failed. */
export const ofNewest =
  (look: (set: SealedSet, of: AuditAtHand) => Look): AuditCheck['look'] =>
  async of => {
    const set = newestComplete((await of.sets()).rows)?.set;
    return set ? look(set, of) : absent('no set is complete');
  };

/** The same of one source in it. */
export const ofNewestPart = <S extends SourceName>(
  source: S,
  look: (part: PartOf<S>, of: AuditAtHand) => Look,
): AuditCheck['look'] =>
  ofNewest(async ({ manifest }, of) => {
    const part = partOf(manifest, source);
    return part ? look(part, of) : absent('no complete set has it');
  });

/** undefined: passed. */
export const seen = async (
  code: NonNullable<Awaited<Look>['code']>,
  details: readonly string[],
  got: string,
): Promise<Awaited<Look>> =>
  details.length === 0
    ? { state: 'passed', got }
    : {
        state: 'failed',
        code,
        got: details.length === 1 ? `${details[0]}` : `${details.length}: ${details[0]}, ...`,
        details,
      };
