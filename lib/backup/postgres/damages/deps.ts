import { OpsError } from '../../../errors/index.ts';
import { type Manifest, type PartOf, partOf } from '../../set.ts';
import { NoRoom, type Postgres, type SetCopy } from '../../source.ts';

/** A database at the set's point, open, that archives into the bucket of the copy. */
export interface OpenCopy {
  postgres: Postgres;
  /** A new base backup, point and dump of it as it is now, in place of the set's: the part that says so. */
  retake(): Promise<PartOf<'postgres'>>;
}

/** What only a running PostgreSQL can break. */
export interface DamageDeps {
  /** For as long as `use` takes. */
  database<T>(copy: SetCopy, use: (open: OpenCopy) => Promise<T>): Promise<T>;
}

/** Errors: SET_INCOMPLETE when the set has no database. */
export function postgresPart({ set }: SetCopy): PartOf<'postgres'> {
  const part = partOf(set.manifest, 'postgres');
  if (part) return part;
  throw new OpsError('SET_INCOMPLETE', `cannot break ${set.manifest.id}: it has no database`);
}

/** Errors: NoRoom: no table of the set has a row. */
export function needRows(copy: SetCopy): void {
  if (!postgresPart(copy).facts.tables.some(({ rows }) => rows > 0)) throw new NoRoom('no table of the set has a row');
}

/** The manifest with another part of the database. */
export const withPart =
  (part: PartOf<'postgres'>) =>
  (manifest: Manifest): Manifest => ({
    ...manifest,
    sources: manifest.sources.map(other => (other.source === 'postgres' ? part : other)),
  });

/**
 * As if the database had been like this when its files were taken, while the manifest says what it should have been:
 * every digest holds, and only the data tells. `keep`: what the manifest says of the broken one after all.
 */
export async function breakBySql(
  copy: SetCopy,
  { database }: DamageDeps,
  sql: string,
  keep: readonly (keyof PartOf<'postgres'>['facts'])[] = [],
): Promise<void> {
  const { facts } = postgresPart(copy);
  const broken = await database(copy, async ({ postgres, retake }) => {
    await postgres.psql(sql);
    return retake();
  });
  const { tables, sequences, roles, grants, extensions } = facts;
  const kept = Object.fromEntries(keep.map(name => [name, broken.facts[name]]));
  const was = { ...broken.facts, tables, sequences, roles, grants, extensions, ...kept };
  await copy.reseal(withPart({ ...broken, facts: was }));
}
