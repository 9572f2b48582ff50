import { escapeControls } from '../../shell/failures.ts';
import { type Checked, exitOf, runChecks } from '../doctor/check.ts';
import { checksFor } from '../doctor/index.ts';
import { packagesFor, reasonsOf } from '../doctor/packages.ts';
import { ensurePackages } from '../install-packages.ts';
import { onSite } from '../on-site.ts';
import { json, table } from '../output.ts';

/** Looks at this computer. Offers to install packages; changes nothing else. */
export const doctor = onSite(async (open, call) => {
  const { flags, out } = call;
  const wanted = packagesFor(reasonsOf(open.site));
  // A person is asked, --yes and CI answer; a refusal is not the end: the check below says what is missing.
  if (out.interactive() || call.yes) await ensurePackages(wanted, call).catch(error => out.status(error.message));
  const checked = await runChecks(await checksFor(open), call.signal);
  out.data(flags.json ? json(checked) : doctorText(checked));
  return exitOf(checked);
});

function doctorText(checked: readonly Checked[]): string {
  const rows = checked.flatMap(({ is, name, saw, hint, why }) => [
    [is, name, escapeControls(saw)],
    ...(is === 'ok' ? [] : [['', '', `for: ${why}`], ...(hint ? [['', '', `next: ${hint}`]] : [])]),
  ]);
  return table(rows);
}
