import { OpsError } from '../../errors/index.ts';
import type { Secret } from '../../secret/index.ts';
import { eachOf } from '../artefacts.ts';
import type { Check } from '../check.ts';
import type { PartOf, PostgresFacts } from '../set.ts';
import { outcome } from './compare.ts';
import { openFile, type RepositoryAtHand } from './info-file.ts';
import { archiveKeys } from './point.ts';
import { historyTimeline, positionOf } from './wal.ts';
import { archiveKeyOf } from './wal-content.ts';

/** At once; each is a few hundred bytes. */
const OPEN = 4;

/**
 * postgres.timelines: whoever replays all that there is follows the newest history in the archive, and PostgreSQL does not
 * start where that one did not leave the set's own timeline after its point. An older set restored in place is one way.
 */
export const timelinesCheck = ({ facts }: PartOf<'postgres'>): Check<RepositoryAtHand> => ({
  id: 'postgres.timelines',
  title: 'Every later timeline of the archive leads on from the set',
  source: 'postgres',
  level: 'L1',
  required: true,
  expected: `none but those that left timeline ${facts.restorePoint.timeline} after ${facts.restorePoint.lsn}`,
  async look({ store, cipher }) {
    if (!cipher) throw new OpsError('KEY_MISSING', 'cannot open the archive of the database: its key is not at hand');
    const keys = await archiveKeys(store, facts.pgbackrest);
    const later = keys.filter(key => (historyTimeline(key) ?? 0) > facts.restorePoint.timeline);
    if (later.length === 0) return outcome('TIMELINE_FOREIGN', 'there is none', []);
    const pass = await archiveKeyOf(facts, store, cipher);
    const flaws = await eachOf(later, OPEN, async key =>
      historyFlaw(key, await store.get(key), pass, facts.restorePoint),
    );
    const wrong = flaws.filter(flaw => flaw !== undefined);
    return outcome('TIMELINE_FOREIGN', `${later.length} that lead on`, wrong);
  },
});

/** A history names each timeline before it, and where that one was left: '1\t0/5000090\tno recovery target specified'. */
const LEFT = /^\s*(\d+)\s+([0-9A-F]+)\/([0-9A-F]+)/gm;

/** Why PostgreSQL would not follow it from the set's point; undefined: it would. */
export function historyFlaw(
  key: string,
  sealed: Uint8Array | undefined,
  pass: Secret,
  { timeline, lsn }: Pick<PostgresFacts['restorePoint'], 'timeline' | 'lsn'>,
): string | undefined {
  const name = key.slice(key.lastIndexOf('/') + 1);
  const text = sealed && openFile(sealed, pass)?.toString('latin1');
  if (text === undefined) return `${name} cannot be opened`;
  const left = [...text.matchAll(LEFT)].find(([, number]) => Number(number) === timeline);
  if (!left) return `${name} does not come from timeline ${timeline}`;
  const [, , high, low] = left;
  if (positionOf(`${high}/${low}`) >= positionOf(lsn)) return undefined;
  return `${name} left timeline ${timeline} at ${high}/${low}, before the set's point`;
}
