import { listSets, publicKeyPath, readPublicKey, type SetRow } from '../../backup/index.ts';
import { drillsOf } from '../../drill/shared-evidence.ts';
import { EXIT } from '../../errors/index.ts';
import { formatDuration } from '../../time/index.ts';
import { onSite } from '../on-site.ts';
import { json, table } from '../output.ts';

/** Every set of the site: how old, how large, whether it is whole, and when it was last proven. */
export const backups = onSite(async (open, { flags, out, site }) => {
  const [store, drills, publicKey] = await Promise.all([
    open.ports.store(site),
    drillsOf(open),
    readPublicKey(publicKeyPath(open.site, open.dirs.project)),
  ]);
  const now = new Date(open.ports.clock.now());
  const proven = (id: string) => {
    const drill = drills.find(({ report, flaw }) => !flaw && report.verdict === 'verified' && report.set?.id === id);
    const at = drill?.report.clocks.marks.at(-1)?.at;
    return at === undefined ? undefined : new Date(at);
  };
  const { rows, vanished } = await listSets(store, { site: open.site, publicKey, now, proven });
  const bad = vanished.length > 0 || rows.some(({ problem }) => problem && problem.code !== 'SET_INCOMPLETE');
  if (flags.json) out.data(json({ sets: rows.map(({ set: _, ...row }) => row), vanished }));
  else out.data(setsText(rows, vanished, site, now));
  return rows.some(({ complete }) => complete) && !bad ? EXIT.done : EXIT.failed;
});

function setsText(rows: readonly SetRow[], vanished: readonly string[], site: string, now: Date): string {
  const [newest] = rows.filter(({ complete }) => complete);
  return table([
    ...rows.map(row => [row.id, rowText(row, now)]),
    ...vanished.map(id => [id, 'is gone, and did not expire: a later set names it as the one before']),
    ...(rows.length === 0 ? [['sets', 'none']] : []),
    ['next', newest ? `./muster backup-audit --site ${site}` : `./muster backup --site ${site}`],
  ]);
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** A set's own objects are none of the repositories in which volumes lie. */
export function sizeText({ size, volumeSize }: Pick<SetRow, 'size' | 'volumeSize'>): string | undefined {
  if (size === undefined) return undefined;
  return [megabytes(size), volumeSize !== undefined && `${megabytes(volumeSize)} of files in volumes`]
    .filter(Boolean)
    .join(' + ');
}

function rowText(row: SetRow, now: Date): string {
  const { age, complete, sources, trigger, proven, problem } = row;
  const by = trigger === 'schedule' ? 'by schedule' : trigger && 'by a person';
  return [
    complete ? 'complete' : `NO BACKUP (${problem?.code}: ${problem?.text})`,
    age !== undefined && `${formatDuration(age)} old`,
    sizeText(row),
    sources.join(' + '),
    by,
    proven ? `proven ${formatDuration(now.getTime() - proven.getTime())} ago` : complete && 'never proven',
  ]
    .filter(Boolean)
    .join(', ');
}
