import { join } from 'node:path';
import { OpsError } from '../errors/index.ts';
import { type FoundSite, foundSites, siteToRemove } from '../host/ec2/sites.ts';
import { type OpenSite, wireSite } from './open.ts';
import { type Ran, runVerb } from './run-verb.ts';
import { leaks } from './teardown.ts';

/** Sites in the account and region of this one, by their tags alone. Errors: USAGE for a site that has no account. */
export async function sitesInAws({ aws, site, ports }: OpenSite): Promise<FoundSite[]> {
  if (!aws) throw new OpsError('USAGE', `cannot look for sites: ${site.name} has no account of AWS`);
  return foundSites(aws, ports.clock.now());
}

/**
 * Removes a site that has expired, from its tags alone: its inventory and state may be on a computer that is gone.
 * Errors: USAGE when there is none, or when it has not expired; LEAK_FOUND.
 */
export async function reapSite(open: OpenSite, name: string): Promise<Ran> {
  const { provider } = open.site;
  const found = (await sitesInAws(open)).find(site => site.name === name);
  if (!found || provider.kind !== 'ec2')
    throw new OpsError('USAGE', `cannot reap ${name}: nothing in this account and region has its tag`);
  if (!found.expired)
    throw new OpsError('USAGE', `cannot reap ${name}: it expires ${found.expires}`, {
      hint: `./muster destroy --site ${name} --confirm=${name}, where its inventory is`,
    });
  const { dirs, signal, emit, masker, ports } = open;
  const target = await wireSite(siteToRemove(open.site, provider, found), {
    ...{ project: dirs.project, signal, emit, masker, clock: ports.clock },
    dirs: { ...dirs, state: join(dirs.project, '.muster', name) },
  });
  try {
    const steps = target.provider.steps(target.site, undefined);
    const ran = await runVerb(target, 'reap', steps, { retain: true, confirmed: true });
    const left = await leaks(target);
    if (left.length > 0)
      throw new OpsError('LEAK_FOUND', `cannot call ${name} removed: ${left.length} things are still there`, {
        details: left.map(({ kind, id, detail }) => `${kind} ${id}: ${detail}`),
      });
    return ran;
  } finally {
    await target.close();
  }
}
