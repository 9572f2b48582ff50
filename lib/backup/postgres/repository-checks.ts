import type { ObjectStore } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import type { Check } from '../check.ts';
import type { PartOf } from '../set.ts';
import type { Postgres } from '../source.ts';
import { type Outcome, outcome } from './compare.ts';
import { archiveKeys } from './point.ts';
import { segmentsBetween, walGaps } from './wal.ts';

type Part = PartOf<'postgres'>;

/** postgres.wal: needs nothing but the store. `pgbackrest verify` and its exit status see no gap. */
export function walCheck({ facts: { pgbackrest } }: Part): Check<ObjectStore> {
  const { walFirst, walLast } = pgbackrest;
  return {
    id: 'postgres.wal',
    title: 'WAL from the base backup to the point is without a gap',
    source: 'postgres',
    level: 'L1',
    required: true,
    expected: `every segment from ${walFirst} to ${walLast}`,
    async look(store) {
      const gaps = walGaps(pgbackrest, await archiveKeys(store, pgbackrest));
      const all = segmentsBetween(walFirst, walLast).length;
      return outcome(
        'WAL_GAP',
        `${all} segments`,
        gaps.map(segment => `segment ${segment} is not in the archive`),
      );
    },
  };
}

/** postgres.repository: pgBackRest's own look at every byte of the stanza, wherever a pgBackRest is at hand. */
export function repositoryCheck({ facts: { pgbackrest } }: Part): Check<Postgres> {
  const { stanza, label } = pgbackrest;
  return {
    id: 'postgres.repository',
    title: 'pgBackRest finds every file of the base backup whole',
    source: 'postgres',
    level: 'L1',
    required: true,
    expected: `backup ${label} valid`,
    async look(postgres) {
      const argv = ['pgbackrest', `--stanza=${stanza}`, '--output=text', '--verbose', 'verify'];
      const { code, stdout, stderr } = await postgres.exec(argv, { timeout: minutes(30) });
      // Info files that another key wrote are no lost ones: the restore says which it is.
      const closed = /No usable (?:backup|archive)\.info file/.exec(stdout.text)?.[0];
      // Its exit status is 0 over damage; another one says that it could not look.
      if (code === 0 && closed === undefined) return readVerify(stdout.text, label);
      const why = closed ?? stderr.text.trim().split('\n').at(-1);
      throw new OpsError('CHECK_UNRUN', `cannot verify the repository: ${why}`);
    },
  };
}

const BACKUP = /^ {2}backup: (\S+), status: (\S+), total files checked: (\d+), total valid files: (\d+)$/;

/** The report of `verify --output=text --verbose`: the status of the one backup, and whatever counts WAL as damaged. */
export function readVerify(text: string, label: string): Outcome {
  const lines = text.split('\n');
  const at = lines.findIndex(line => BACKUP.exec(line)?.[1] === label);
  const [, , status, checked, valid] = BACKUP.exec(lines[at] ?? '') ?? [];
  if (status === undefined)
    return outcome('SET_ARTEFACT_MISSING', '', [`backup ${label} is not in the report of pgbackrest verify`]);
  const wrong =
    status === 'valid' ? [] : [lines[at], lines[at + 1]].map(line => (line ?? '').trim()).filter(line => line !== '');
  const wal = lines.slice(0, at).filter(line => /(?:missing|invalid|other): [1-9]/.test(line));
  return outcome('SET_ARTEFACT_CHANGED', `${valid} of ${checked} files valid`, [
    ...wrong,
    ...wal.map(line => line.trim()),
  ]);
}
