import { OpsError } from '../../errors/index.ts';
import { bootstrapSite, planSite } from '../../site/index.ts';
import { preflight } from '../doctor/index.ts';
import { packagesFor, reasonsOf } from '../doctor/packages.ts';
import { ensurePackages } from '../install-packages.ts';
import { tellNobodys } from '../nobodys-address.ts';
import { onSite, ranText } from '../on-site.ts';
import { json, table } from '../output.ts';
import { planText } from '../plan-text.ts';
import { readSite } from '../read-site.ts';
import { selectionOf } from '../selection.ts';
import type { Act } from '../verb.ts';
import { tellUnshared } from './plan.ts';

/** Builds the site, or goes on with it. Ends with where the application is, and the next command. */
export const bootstrap: Act = async call => {
  // Before the site is opened: its provider starts programs of these packages to see what this computer can do.
  await ensurePackages(packagesFor(reasonsOf(await readSite(call.project, call.site))), call);
  return build(call);
};

const build = onSite(async (open, call) => {
  const { flags, out, project } = call;
  tellUnshared(open, out);
  if (flags['dry-run']) return out.data(planText(await planSite(open, selectionOf(flags)), flags.json ?? false));
  const { confirm } = flags;
  if (confirm !== undefined && confirm !== open.site.name)
    throw new OpsError('CONFIRM_MISSING', `cannot bootstrap ${open.site.name}: --confirm is '${confirm}'`);
  tellNobodys(open.site, out);
  await preflight(open);
  const built = await bootstrapSite(open, {
    ...selectionOf(flags),
    ...(flags.retain && { retain: true }),
    confirmed: confirm !== undefined,
  });
  out.status(ranText(built));
  if (flags.json) return out.data(json(built));
  const { site, app, ca, kubeconfig } = built;
  // A part of the plan promises nothing of the whole.
  if (flags.only ?? flags.from) return out.data(`next  ./muster plan --site ${site}`);
  const near = (path: string) => (path.startsWith(`${project}/`) ? path.slice(project.length + 1) : path);
  return out.data(
    table([
      ['site', site],
      ...(app
        ? [
            ['app', app],
            ['', `curl --cacert ${near(ca)} ${app}`],
          ]
        : []),
      ['kubeconfig', kubeconfig],
      ['next', `./muster status --site ${site}`],
      ['', `./muster kubectl${site === 'lab' ? '' : ` --site ${site}`} get pods -A`],
    ]),
  );
});
