import type { StoredObject } from '../../engine/index.ts';
import { eachOf } from '../artefacts.ts';
import type { Check } from '../check.ts';
import { indexCheck, type RepositoryAtHand } from '../postgres/info-file.ts';
import { repositoryKeys } from '../postgres/repository.ts';
import { timelinesCheck } from '../postgres/timelines.ts';
import { isAfter } from '../postgres/wal.ts';
import { archiveKeyOf, walFlaw } from '../postgres/wal-content.ts';
import { type PartOf, partOf } from '../set.ts';
import type { SealedSet } from '../source.ts';
import { type AuditCheck, ofNewestPart, seen } from './at-hand.ts';
import { walReach } from './wal.ts';

type Part = PartOf<'postgres'>;

export const archiveOf = ({ facts }: Part, objects: readonly StoredObject[]): StoredObject[] => {
  const prefix = repositoryKeys(facts.pgbackrest.stanza).archive;
  return objects.filter(({ key }) => key.startsWith(prefix));
};

/** The oldest kept base backup of every stanza: each database that the site has had has its own archive. */
export function oldestParts(sets: readonly SealedSet[]): Part[] {
  const parts = sets.flatMap(({ manifest }) => partOf(manifest, 'postgres') ?? []);
  const byStanza = Map.groupBy(parts, part => part.facts.pgbackrest.stanza);
  return [...byStanza.values()].flatMap(all => all.sort((a, b) => (a.point < b.point ? -1 : 1))[0] ?? []);
}

/** pgBackRest's own word is not asked: its verify sees no gap. */
export const walGapCheck: AuditCheck = {
  id: 'audit.wal',
  title: 'WAL is without a gap from the oldest kept base backup to the newest segment',
  source: 'postgres',
  level: 'L1',
  required: true,
  expected: 'every segment',
  async look({ sets, objects }) {
    const sealed = (await sets()).rows.flatMap(({ set }) => set ?? []);
    const all = await objects();
    const reaches = oldestParts(sealed).map(part => ({
      ...walReach(part.facts.pgbackrest.walFirst, archiveOf(part, all)),
      stanza: part.facts.pgbackrest.stanza,
    }));
    const gaps = reaches.flatMap(({ stanza, gaps }) =>
      gaps.map(gap => `segment ${gap} of ${stanza} is not in the archive`),
    );
    const count = reaches.reduce((sum, reach) => sum + reach.count, 0);
    return seen('WAL_GAP', gaps, `${count} segments`);
  },
};

/** A drill's check of a set, of the newest complete one. */
const likeOfSet = (
  id: string,
  title: string,
  expected: string,
  checkOf: (part: Part) => Check<RepositoryAtHand>,
): AuditCheck => ({
  id,
  title,
  source: 'postgres',
  level: 'L1',
  required: true,
  expected,
  look: ofNewestPart('postgres', async (part, { store, cipher }) =>
    checkOf(part).look({ store: await store(), cipher: await cipher() }),
  ),
});

/** An older index, or none, is the end of archiving and of that set's restore. */
export const repositoryIndexCheck = likeOfSet(
  'audit.index',
  'The newest complete set is in the index by which pgBackRest goes',
  'its base backup, and the system of its database',
  part => indexCheck(part, 'counts'),
);

export const timelineCheck = likeOfSet(
  'audit.timelines',
  'Every later timeline of the archive leads on from the newest complete set',
  'none that PostgreSQL would follow and end',
  timelinesCheck,
);

/** At once: each is 16 MiB when it is open. */
const OPEN = 4;

/** What came after the newest complete set is in nobody's list; a restore that meets a wrong one ends there, in silence. */
export const walContentCheck: AuditCheck = {
  id: 'audit.wal.content',
  title: 'Every WAL segment since the newest complete set is what its name says',
  source: 'postgres',
  level: 'L1',
  required: true,
  expected: 'bytes of the SHA-1 that is in its name, from its place in the WAL of this cluster',
  look: ofNewestPart('postgres', async (part, { objects, store: open, cipher: pass }) => {
    const [store, cipher] = await Promise.all([open(), pass()]);
    const { walLast } = part.facts.pgbackrest;
    const of = { pass: await archiveKeyOf(part.facts, store, cipher), system: part.facts.systemIdentifier };
    const later = archiveOf(part, await objects()).filter(one => isAfter(walLast, one.key));
    const flaws = await eachOf(later, OPEN, async one => walFlaw(one.key, await store.get(one.key), of));
    return seen(
      'SET_ARTEFACT_CHANGED',
      flaws.filter(flaw => flaw !== undefined),
      `${later.length} segments`,
    );
  }),
};
