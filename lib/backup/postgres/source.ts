import type { Source } from '../source.ts';
import { type DamageDeps, postgresDamages } from './damages/index.ts';
import { postgresRestore } from './restore.ts';
import { postgresTake } from './take.ts';

/** The database of the app. `damages` need a PostgreSQL that may write: into the bucket of a copy. */
export const postgresSource = (breaking?: DamageDeps): Source<'postgres'> => ({
  name: 'postgres',
  take: postgresTake,
  restore: (part, into, at) => postgresRestore(part, into, { archive: 'on', ...(at && { at }) }),
  damages: breaking ? postgresDamages(breaking) : [],
});
