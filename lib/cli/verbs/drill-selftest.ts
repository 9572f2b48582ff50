import { CLEAN, type SelfTestRow, selfTestError } from '../../drill/selftest.ts';
import { type SelfTested, selfTestSite } from '../../drill/selftest-site.ts';
import { onSite } from '../on-site.ts';
import { json, table } from '../output.ts';

/** Plants every damage in a copy of a real set, and sees whether the checks of a drill find it. */
export const drillSelftest = onSite(async (open, { flags, out, site }) => {
  const tested = await selfTestSite(open, {
    ...(flags.set && { set: flags.set }),
    ...(flags.only && { only: flags.only }),
    dryRun: flags['dry-run'] ?? false,
    onRow: row => open.emit({ type: 'notice', text: rowText(row) }),
  });
  const { rows, planned } = tested;
  const error = flags['dry-run'] ? undefined : selfTestError(rows);
  if (flags.json) {
    out.data(json({ ...tested, error: error ? { code: error.code, message: error.message } : null }));
    return error?.exit;
  }
  if (flags['dry-run']) out.data(table(planned.map(({ id, expect, title }) => [id, expect.code, expect.level, title])));
  else out.data(resultText(tested, site));
  if (error) throw error;
  return undefined;
});

const rowText = ({ damage, found, why, skipped, seconds }: SelfTestRow) =>
  `${damage}: ${found ? 'found' : skipped === undefined ? `NOT FOUND: ${why}` : `skipped: ${skipped}`} (${seconds} s)`;

function resultText({ set, rows }: SelfTested, site: string): string {
  const damages = rows.filter(({ damage }) => damage !== CLEAN);
  const found = damages.filter(row => row.found).length;
  const skipped = damages.filter(row => row.skipped !== undefined);
  const total = rows.reduce((sum, { seconds }) => sum + seconds, 0);
  return [
    table([
      ['planted', 'found', 'code', 'level', 'seconds'],
      ...rows.map(row => [
        row.damage,
        row.found ? 'yes' : row.skipped === undefined ? 'NO' : 'skipped',
        row.skipped ?? row.code ?? row.verdict,
        row.level ?? '',
        row.seconds.toFixed(2),
      ]),
    ]),
    '',
    table([
      [
        'damages',
        `${damages.length - skipped.length} planted in a copy of ${set}, ${found} found, ${Math.round(total)} s`,
      ],
      ...(skipped.length > 0
        ? [['skipped', `${skipped.length}: this set has no room for them, and they prove nothing`]]
        : []),
      ['next', `./muster drill site-rebuild --site ${site}`],
    ]),
  ].join('\n');
}
