import { relative } from 'node:path';
import { planRebuild, type RebuildWant, rebuildSite } from '../../drill/rebuild-site.ts';
import type { Report } from '../../drill/report.ts';
import { shareEvidence } from '../../drill/shared-evidence.ts';
import { OpsError } from '../../errors/index.ts';
import { onSite } from '../on-site.ts';
import { json } from '../output.ts';
import { drillPlanText, reportText } from '../report-text.ts';
import type { Act, Call } from '../verb.ts';

/** A site that is gone comes back from its backup; what still lives is refused. Exit 1: wrong data; 2: it could not be told. */
export const rebuild: Act = async call => {
  const { flags, site } = call;
  if (!flags['dry-run'] && flags.confirm !== site)
    throw new OpsError('CONFIRM_MISSING', `cannot rebuild ${site}: --confirm is not '${site}'`, {
      hint: `./muster rebuild --site ${site} --confirm=${site}; what it would do: --dry-run`,
    });
  return onSite(async open => {
    const { out, project } = call;
    const want = wantOf(call);
    if (flags['dry-run']) {
      const plan = await planRebuild(open, want);
      return out.data(flags.json ? json(plan) : drillPlanText(plan));
    }
    const { report, folder } = await rebuildSite(open, want);
    await shareEvidence(open, folder);
    const near = relative(project, folder);
    out.data(flags.json ? json({ report, folder }) : reportText(report, near, next(report, near)));
    return report.exit;
  })(call);
};

const wantOf = ({ flags: { set, at } }: Call): RebuildWant => ({
  ...(set !== undefined && { set }),
  ...(at !== undefined && { at }),
});

function next({ verdict, site, error }: Report, folder: string): string[] {
  if (verdict === 'verified') return [`./muster status --site ${site}`, `./muster verify-evidence ${folder}`];
  const named = `--site ${site} --confirm=${site}`;
  if (error) return [`./muster explain ${error.code}`, `./muster rebuild ${named}, which goes on`];
  return [`./muster backups --site ${site}`, `./muster rebuild ${named} --set SET, with another set`];
}
