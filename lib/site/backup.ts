import { randomUUID } from 'node:crypto';
import { controlPlaneTake } from '../backup/control-plane/take.ts';
import { backupSealSteps, type Manifest, type SourceName, sealOf } from '../backup/index.ts';
import { postgresExpireStep } from '../backup/postgres/expire.ts';
import { postgresTake } from '../backup/postgres/take.ts';
import { replicateStep } from '../backup/replicate.ts';
import { historyStep } from '../backup/store/history.ts';
import { veleroExpireStep } from '../backup/velero/expire.ts';
import { veleroTake } from '../backup/velero/take.ts';
import type { AnyStep, Need } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { replicaOf, replicatedBy } from '../store/index.ts';
import type { OpenSite } from './open.ts';
import type { Place } from './place.ts';
import { type Ran, runVerb } from './run-verb.ts';

export interface BackedUp extends Ran {
  /** The id of the set. */
  set: string;
}

/** '20261121T152300Z-1f2e3d4c': of a set or a drill; sorts by time. */
export const newSetId = (now: number): string =>
  `${new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomUUID().slice(0, 8)}`;

const TAKE: Readonly<Record<SourceName, (site: Site, set: string) => AnyStep[]>> = {
  postgres: postgresTake,
  velero: veleroTake,
  'control-plane': (site, set) => [controlPlaneTake(site, set)],
};

/**
 * Every source of the inventory, then escrow, seal and retention. A source that fails leaves the set unsealed: no backup.
 * `home`: of a rehearsal, whose escrow and signer go with it.
 */
export function backupSteps(
  site: Site,
  { dirs, home }: Pick<Place, 'dirs'> & { home?: string },
  set: string,
  trigger: Manifest['trigger'],
): AnyStep[] {
  if (!site.backup)
    throw new OpsError('USAGE', `cannot back ${site.name} up: its inventory has no section backup`, {
      hint: `write one into ${site.path}; ./muster schema describes it`,
    });
  const takes = site.backup.sources.flatMap(source => TAKE[source](site, set));
  const { project } = dirs;
  const seals = backupSealSteps(site, { project, ...(home !== undefined && { home }) }, { id: set, trigger });
  // A rehearsal's store is gone with it.
  return [
    ...takes,
    ...seals,
    ...(home === undefined ? [...copySteps(site, dirs, set), ...expirySteps(site, dirs)] : []),
  ];
}

/** Into a replica that the endpoint does not fill by itself. */
function copySteps(site: Site, dirs: Place['dirs'], set: string): AnyStep[] {
  const replica = replicaOf(site);
  if (!replica || replicatedBy(site) !== 'muster') return [];
  return [replicateStep(sealOf(site, dirs), replica, set, [{ step: 'set.seal', scope: 'all' }])];
}

/** After set.expire: what the tools have of sets that are gone, and what the store keeps of it. */
function expirySteps(site: Site, dirs: Place['dirs']): AnyStep[] {
  const of = sealOf(site, dirs);
  const after = (...steps: string[]) => steps.map((step): Need => ({ step, scope: 'all' }));
  const has = (source: SourceName) => site.backup?.sources.includes(source);
  const tools = [
    ...(has('postgres') ? [postgresExpireStep(site, of, after('set.expire'))] : []),
    ...(has('velero') ? [veleroExpireStep(site, of, after('set.expire'))] : []),
  ];
  return [...tools, historyStep(site, after('set.expire', ...tools.map(({ id }) => id)))];
}

/** Takes a set. One that was killed is gone on with, under its id. Errors: SET_INCOMPLETE and those of its sources. */
export async function backupSite(open: OpenSite, trigger: Manifest['trigger']): Promise<BackedUp> {
  const choices = { set: newSetId(open.ports.clock.now()), trigger };
  let set: string = choices.set;
  const steps = (run: { choices: Readonly<Record<string, string>> }) => {
    set = run.choices.set ?? set;
    return backupSteps(open.site, open, set, run.choices.trigger === 'schedule' ? 'schedule' : 'person');
  };
  const ran = await runVerb(open, 'backup', steps, { retain: true, choices, confirmed: true });
  return { ...ran, set };
}
