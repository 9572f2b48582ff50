import type { StoredObject } from '../../engine/index.ts';
import { isExpendable, type Kept, neededKeys } from '../kept.ts';
import { KEYS, partOf } from '../set.ts';
import type { BackupInfo } from './info.ts';
import { repositoryKeys } from './repository.ts';
import { archivedSegments } from './wal.ts';

/** The repository as pgBackRest tells it and as it lies in the bucket. */
export interface Repository {
  /** Of the database that runs. */
  stanza: string;
  /** In backup.info. */
  backups: readonly Pick<BackupInfo, 'label' | 'annotation' | 'archive'>[];
  /** Below pgbackrest/. */
  objects: readonly StoredObject[];
}

/** What is in it of sets that are gone. */
export interface Expendable {
  /** Labels of base backups that pgBackRest still knows. */
  labels: string[];
  /** Keys of base backups that it knows no more, by label. */
  left: ReadonlyMap<string, readonly string[]>;
  /** WAL before that of the oldest base backup that stays; undefined: none is. */
  wal: { before: string; keys: readonly string[] } | undefined;
  /** Archives of databases that the site had before, of which no set is left, with their keys. */
  stanzas: ReadonlyMap<string, readonly string[]>;
}

const LABEL = /^\d{8}-\d{6}F$/;

/** Pure. Where it cannot be told whether something is needed, it stays. */
export function expendableOf({ stanza, backups, objects }: Repository, kept: Kept): Expendable {
  const needed = neededKeys(kept);
  const free = (keys: readonly string[]) => keys.filter(key => !needed.has(key));
  const setOf = ({ annotation }: Repository['backups'][number]) => annotation?.set;
  const goes = backups.filter(backup => {
    const set = setOf(backup);
    return set !== undefined && isExpendable(kept, set) && !isNamed(kept, stanza, backup.label);
  });
  const stay = backups.filter(backup => !goes.includes(backup));
  return {
    labels: goes.map(({ label }) => label).sort(),
    left: leftOf({ stanza, backups, objects }, kept, free),
    wal: walOf(stanza, stay, objects, kept, free),
    stanzas: stanzasOf(stanza, objects, kept, free),
  };
}

type Free = (keys: readonly string[]) => string[];

const parts = ({ sets }: Kept, stanza?: string) =>
  sets
    .flatMap(set => partOf(set, 'postgres')?.facts.pgbackrest ?? [])
    .filter(one => stanza === undefined || one.stanza === stanza);

const isNamed = (kept: Kept, stanza: string, label: string) => parts(kept, stanza).some(one => one.label === label);

/** Folders of base backups that are in no backup.info: expired half-way, or never finished. Younger ones may become one. */
function leftOf({ stanza, backups, objects }: Repository, kept: Kept, free: Free): Expendable['left'] {
  const least = parts(kept)
    .map(({ label }) => label)
    .sort()[0];
  const prefix = repositoryKeys(stanza).backup('').replace(/\/+$/, '/');
  const folders = Map.groupBy(
    objects.map(({ key }) => key).filter(key => key.startsWith(prefix)),
    key => key.slice(prefix.length).split('/')[0] ?? '',
  );
  const known = new Set(backups.map(({ label }) => label));
  const gone = [...folders].filter(
    ([label]) =>
      LABEL.test(label) && least !== undefined && label < least && !known.has(label) && !isNamed(kept, stanza, label),
  );
  return new Map(gone.map(([label, keys]) => [label, free(keys)]));
}

/** As pgBackRest itself compares: by name, in which the timeline comes first. */
function walOf(
  stanza: string,
  stay: Repository['backups'],
  objects: readonly StoredObject[],
  kept: Kept,
  free: Free,
): Expendable['wal'] {
  // Of a base backup that does not say where its WAL begins nobody knows what it needs.
  if (stay.some(({ archive }) => !archive.start) || kept.oldest === undefined) return undefined;
  const starts = [
    ...stay.flatMap(({ archive }) => archive.start ?? []),
    ...parts(kept, stanza).map(one => one.walFirst),
  ];
  const before = starts.sort()[0];
  if (before === undefined) return undefined;
  const prefix = repositoryKeys(stanza).archive;
  const segments = archivedSegments(objects.map(({ key }) => key).filter(key => key.startsWith(prefix)));
  const keys = free([...segments].flatMap(([name, key]) => (name < before ? [key] : [])));
  return keys.length > 0 ? { before, keys } : undefined;
}

/** Only when every manifest can be read, and nothing failed that might have begun in one of them. */
function stanzasOf(stanza: string, objects: readonly StoredObject[], kept: Kept, free: Free): Expendable['stanzas'] {
  if (kept.unsure || kept.oldest === undefined || kept.ids.size !== kept.sets.length) return new Map();
  const needed = new Set([stanza, ...parts(kept).map(one => one.stanza)]);
  const ofStanza = new RegExp(`^${KEYS.pgbackrest}(?:backup|archive)/([^/]+)/`);
  const all = Map.groupBy(
    objects.map(({ key }) => key),
    key => ofStanza.exec(key)?.[1] ?? '',
  );
  const gone = [...all].filter(([name]) => name !== '' && !needed.has(name));
  return new Map(gone.map(([name, keys]) => [name, free(keys)]));
}
