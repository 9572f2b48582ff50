import { OpsError } from '../../errors/index.ts';
import { existingCluster } from '../../inventory/index.ts';
import { destroySite, destroySteps } from '../../site/index.ts';
import { setsLeft } from '../../site/sets-left.ts';
import { onSite, ranText, showPlan } from '../on-site.ts';
import { json, table } from '../output.ts';
import { timersOf } from '../schedule/steps.ts';
import type { Act } from '../verb.ts';
import { nextOf } from './status.ts';

/** Removes the site with its data; ends with a leak check. The name must be typed, whatever --yes says. */
export const destroy: Act = async call => {
  const { site, flags } = call;
  if (!flags['dry-run'] && flags.confirm !== site) throw unconfirmed(site, flags.confirm);
  return remove(call);
};

const remove = onSite(async (open, call) => {
  const { flags, out, site } = call;
  const timers = await timersOf(open.site, call.project);
  if (flags['dry-run']) return showPlan(open, destroySteps(open, timers.steps), call);
  const gone = await destroySite(open, timers.steps);
  out.status(ranText(gone));
  if (flags.json) return out.data(json(gone));
  const existing = existingCluster(open.site);
  const stays = existing === undefined ? [] : [`the EKS cluster ${existing} and its network, which are not muster's`];
  const next = waysBack(site, await setsLeft(open));
  return out.data(
    table([
      ['site', `${site} is gone: no machine, process, port or file of it is left`],
      ...[...gone.kept, ...stays].map((what, n) => [n === 0 ? 'kept' : '', what]),
      ...(timers.owner === undefined
        ? []
        : [['', `its timers, of ${timers.owner}: there, ./muster schedule remove --site ${site}`]]),
      ...next.map((line, n) => [n === 0 ? 'next' : '', line]),
    ]),
  );
});

/** As status says it then; where sets may be left, also what makes an empty site beside them. */
export function waysBack(site: string, sets: boolean | undefined): string[] {
  const first = nextOf({ site, health: 'absent', ...(sets !== undefined && { sets }) });
  const empty = `./muster bootstrap --site ${site}`;
  return sets === false ? [empty] : [`./muster ${first} --site ${site}`, `${empty}: a new one, without its data`];
}

function unconfirmed(site: string, got: string | undefined): OpsError {
  const is = got === undefined ? 'missing' : `'${got}'`;
  return new OpsError('CONFIRM_MISSING', `cannot destroy ${site}: --confirm is ${is}, expected '${site}'`, {
    hint: `./muster destroy --site ${site} --confirm=${site}; what it would remove: --dry-run`,
  });
}
