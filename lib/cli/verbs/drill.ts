import { relative } from 'node:path';
import { NAMESPACE as APP } from '../../addon/app/app.ts';
import { drillSite, planDrill } from '../../drill/drill-site.ts';
import { rehearseSite } from '../../drill/rehearse.ts';
import { isBeside, type Scenario } from '../../drill/scenario.ts';
import { missingFor, scenarioOf } from '../../drill/scenarios/index.ts';
import { shareEvidence } from '../../drill/shared-evidence.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { onSite } from '../on-site.ts';
import { json } from '../output.ts';
import { drillPlanText, reportText } from '../report-text.ts';
import type { Act } from '../verb.ts';

/** Loses something on purpose, brings it back, and lets the data decide. */
export const drill: Act = async call => {
  const { args, flags, site } = call;
  const found = await scenarioOf(args[0]);
  const mode = flags.mode ?? found.modes[0];
  if (mode !== 'rehearse' && mode !== 'destroy')
    throw new OpsError('USAGE', `cannot drill in mode '${mode}': expected rehearse or destroy`);
  if (!found.modes.includes(mode))
    throw new OpsError('USAGE', `cannot ${mode} ${found.id}: it knows the mode ${found.modes.join(', ')}`);
  if (mode === 'destroy' && !flags['dry-run'] && flags.confirm !== site)
    throw new OpsError('CONFIRM_MISSING', `cannot lose ${found.loses}: --confirm is not '${site}'`, {
      hint: `./muster drill ${args.join(' ')} --site ${site} --confirm=${site}; what it would do: --dry-run`,
    });
  return onSite(async open => {
    const { out, project } = call;
    if (mode === 'destroy' && open.site.environment !== 'lab')
      throw new OpsError('DRILL_TARGET', `cannot lose ${site} for a drill: it is ${open.site.environment}, not a lab`);
    const scenario = boundTo(open.site, found, args[1]);
    const trigger = flags.scheduled ? 'schedule' : 'person';
    const want = { scenario, mode, trigger, ...(flags.set && { set: flags.set }) } as const;
    if (flags['dry-run']) {
      const plan = await planDrill(open, want);
      return out.data(flags.json ? json(plan) : drillPlanText(plan));
    }
    const carryOut = isBeside(scenario, mode) ? rehearseSite : drillSite;
    const { report, folder } = await carryOut(open, want);
    // One whose store is gone asks nobody there.
    if (scenario.from !== 'replica') await shareEvidence(open, folder);
    const near = relative(project, folder);
    out.data(flags.json ? json({ report, folder }) : reportText(report, near));
    return report.exit;
  })(call);
};

/** On this site, and of a namespace where it wants one. Errors: DRILL_TARGET: it would prove nothing; USAGE. */
function boundTo(site: Site, found: Scenario, named: string | undefined): Scenario {
  const scenario = found.of ? found.of(namespaceOf(site, named)) : found;
  if (!found.of && named !== undefined)
    throw new OpsError('USAGE', `cannot drill ${found.id} of '${named}': it takes no namespace`);
  const missing = missingFor(scenario, site.backup?.sources ?? []);
  if (missing.length === 0) return scenario;
  throw new OpsError(
    'DRILL_TARGET',
    `cannot drill ${scenario.id}: no backup of ${site.name} has ${missing.join(', ')}`,
    {
      hint: `backup.sources in inventories/${site.name}.yaml, then ./muster backup --site ${site.name}`,
    },
  );
}

/** The application's, or the only one. Errors: USAGE, with those that backups take. */
function namespaceOf({ name, app, backup }: Site, named: string | undefined): string {
  const { namespaces = [] } = backup ?? {};
  const [first, second] = namespaces;
  const chosen = named ?? (app && namespaces.includes(APP) ? APP : second === undefined ? first : undefined);
  if (chosen !== undefined && namespaces.includes(chosen)) return chosen;
  const got = named === undefined ? 'a namespace' : `the namespace '${named}'`;
  throw new OpsError(
    'USAGE',
    `cannot lose ${got} of ${name}: expected one that its backups take: ${namespaces.join(', ') || 'none'}`,
    {
      hint: `./muster drill namespace-loss ${first ?? 'NAME'} --site ${name}`,
    },
  );
}
