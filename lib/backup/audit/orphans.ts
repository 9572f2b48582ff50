import type { StoredObject } from '../../engine/index.ts';
import { KEYS, partOf, SET_ID } from '../set.ts';
import type { SealedSet } from '../source.ts';
import { backupName } from '../velero/names.ts';
import { type AuditCheck, seen } from './at-hand.ts';

/** What is older than every kept set went with one that expired: its tool removes it in its own time. */
export interface Orphans {
  /** Folders, with how many objects they have. */
  foreign: string[];
  /** Folders that are older than the oldest kept set. */
  expired: number;
}

export const orphansCheck: AuditCheck = {
  id: 'audit.orphans',
  title: 'Nothing lies in the store that no set names',
  source: 'set',
  level: 'L0',
  required: true,
  expected: 'no base backup and no Velero backup but those of sets',
  async look({ sets, objects }) {
    const { rows } = await sets();
    const unsealed = rows.flatMap(({ id, set }) => (set ? [] : [id]));
    const { foreign, expired } = orphansOf(
      rows.flatMap(({ set }) => set ?? []),
      unsealed,
      await objects(),
    );
    return seen('SET_INCOMPLETE', foreign, expired > 0 ? `none; ${expired} left of sets that are gone` : 'none');
  },
};

/** Pure. What belongs to a set that was not sealed is that set's matter, and no orphan. */
export function orphansOf(
  sets: readonly SealedSet[],
  unsealed: readonly string[],
  objects: readonly StoredObject[],
): Orphans {
  const manifests = sets.map(({ manifest }) => manifest);
  const postgres = manifests.flatMap(one => partOf(one, 'postgres') ?? []);
  const oldest = manifests.map(({ id }) => id).sort()[0] ?? '';
  const labels = postgres.map(({ facts }) => facts.pgbackrest.label);
  const backups = new Set([
    ...manifests.flatMap(one => partOf(one, 'velero')?.facts.backup ?? []),
    ...unsealed.map(backupName),
  ]);
  const started = unsealed.map(id => id.slice(0, 15).replace('T', '-'));
  const folders = Map.groupBy(objects, ({ key }) => folderOf(key));
  const orphans: Orphans = { foreign: [], expired: 0 };
  for (const [folder, { length }] of folders) {
    const is = kindOf(folder, { labels, started, backups, oldest });
    if (is === 'foreign') orphans.foreign.push(`${folder}: ${length} objects`);
    if (is === 'expired') orphans.expired++;
  }
  return orphans;
}

interface Known {
  labels: readonly string[];
  /** When sets began that were not sealed, as '20261121-152300'. */
  started: readonly string[];
  backups: ReadonlySet<string>;
  oldest: string;
}

/** 'pgbackrest/backup/app-x/20261121-152300F/', 'velero/backups/muster-.../', 'sets/<id>/'; else the first two names. */
function folderOf(key: string): string {
  const names = key.split('/');
  const deep = key.startsWith(`${KEYS.pgbackrest}backup/`) ? 4 : key.startsWith(`${KEYS.velero}backups/`) ? 3 : 2;
  return names.length > deep ? `${names.slice(0, deep).join('/')}/` : key;
}

function kindOf(folder: string, { labels, started, backups, oldest }: Known): 'known' | 'expired' | 'foreign' {
  const [first = '', second = '', third = '', fourth = ''] = folder.split('/');
  // The lease, and what is tried to see whether keys write.
  if (first === '.muster') return 'known';
  if (first === 'sets') return SET_ID.test(second) ? 'known' : 'foreign';
  if (first === 'velero' && second === 'backups') {
    if (backups.has(third)) return 'known';
    return oldest !== '' && third.startsWith('muster-2') && third < backupName(oldest) ? 'expired' : 'foreign';
  }
  if (first === 'velero') return ['kopia', 'restores', 'metadata', 'plugins'].includes(second) ? 'known' : 'foreign';
  if (first !== 'pgbackrest') return 'foreign';
  if (second === 'archive') return 'known';
  if (second !== 'backup') return 'foreign';
  if (!/^\d{8}-\d{6}F$/.test(fourth) || labels.includes(fourth)) return 'known';
  const least = [...labels].sort()[0];
  if (least !== undefined && fourth < least && !started.some(at => at <= fourth.slice(0, 15))) return 'expired';
  return ofUnsealed(fourth, started, labels) ? 'known' : 'foreign';
}

/** Made after a set began that was not sealed, and before the next one that was. */
const ofUnsealed = (label: string, started: readonly string[], labels: readonly string[]): boolean =>
  started.some(at => at <= label.slice(0, 15) && !labels.some(other => at <= other && other < label));
