import { relative } from 'node:path';
import { drillSite, planDrill } from '../../drill/drill-site.ts';
import { rehearseSite } from '../../drill/rehearse.ts';
import { scenarioOf } from '../../drill/scenarios/index.ts';
import { OpsError } from '../../errors/index.ts';
import { onSite } from '../on-site.ts';
import { json } from '../output.ts';
import { drillPlanText, reportText } from '../report-text.ts';
import type { Act } from '../verb.ts';

/** Loses something on purpose, brings it back, and lets the data decide. */
export const drill: Act = async call => {
  const { args, flags, site } = call;
  const scenario = await scenarioOf(args[0]);
  const mode = flags.mode ?? scenario.modes[0];
  if (mode !== 'rehearse' && mode !== 'destroy')
    throw new OpsError('USAGE', `cannot drill in mode '${mode}': expected rehearse or destroy`);
  if (!scenario.modes.includes(mode))
    throw new OpsError('USAGE', `cannot ${mode} ${scenario.id}: it knows the mode ${scenario.modes.join(', ')}`);
  if (mode === 'destroy' && !flags['dry-run'] && flags.confirm !== site)
    throw new OpsError('CONFIRM_MISSING', `cannot lose ${scenario.loses}: --confirm is not '${site}'`, {
      hint: `./muster drill ${scenario.id} --site ${site} --confirm=${site}; what it would do: --dry-run`,
    });
  return onSite(async open => {
    const { out, project } = call;
    if (mode === 'destroy' && open.site.environment !== 'lab')
      throw new OpsError('DRILL_TARGET', `cannot lose ${site} for a drill: it is ${open.site.environment}, not a lab`);
    const trigger = flags.scheduled ? 'schedule' : 'person';
    const want = { scenario, mode, trigger, ...(flags.set && { set: flags.set }) } as const;
    if (flags['dry-run']) {
      const plan = await planDrill(open, want);
      return out.data(flags.json ? json(plan) : drillPlanText(plan));
    }
    const carryOut = mode === 'rehearse' ? rehearseSite : drillSite;
    const { report, folder } = await carryOut(open, want);
    const near = relative(project, folder);
    out.data(flags.json ? json({ report, folder }) : reportText(report, near));
    return report.exit;
  })(call);
};
