import type { StoredObject } from '../../engine/index.ts';
import { newestComplete } from '../list.ts';
import { indexCheck } from '../postgres/info-file.ts';
import { repositoryKeys } from '../postgres/repository.ts';
import { type PartOf, partOf } from '../set.ts';
import type { SealedSet } from '../source.ts';
import { type AuditCheck, seen } from './at-hand.ts';
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

/** Of the newest complete set: an older index, or none, is the end of archiving and of that set's restore. */
export const repositoryIndexCheck: AuditCheck = {
  id: 'audit.index',
  title: 'The newest complete set is in the index by which pgBackRest goes',
  source: 'postgres',
  level: 'L1',
  required: true,
  expected: 'its base backup, and the system of its database',
  async look({ sets, store, cipher }) {
    const set = newestComplete((await sets()).rows)?.set?.manifest;
    const part = set && partOf(set, 'postgres');
    if (!part) return { state: 'failed', code: 'SET_ABSENT', got: 'no complete set has it' };
    return indexCheck(part, 'counts').look({ store: await store(), cipher: await cipher() });
  },
};
