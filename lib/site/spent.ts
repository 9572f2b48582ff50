import { clusterMadeAt } from '../cluster/index.ts';
import { siteCost } from '../cost/index.ts';
import type { Machine } from '../host/provider.ts';
import type { Site } from '../inventory/index.ts';
import type { OpenSite } from './open.ts';
import { startOfRun } from './run-verb.ts';

/** What a running site has cost, by its prices and its oldest part. */
export interface Spent {
  /** Euros. */
  hour: number;
  /** Euros; undefined: nothing says since when. */
  total?: number;
  /** UTC, ISO 8601. */
  since?: string;
}

/** Asks for what its machines do not tell: a managed cluster has none of ours. undefined: nothing of it costs, or nobody knows. */
export async function spentOn(
  { site, provider, ports }: Pick<OpenSite, 'site' | 'provider' | 'ports'>,
  machines: readonly Machine[],
): Promise<Spent | undefined> {
  // A cloud that gives no answer is a matter of its own steps.
  const cluster = await clusterMadeAt(site, provider).catch(() => undefined);
  if (machines.length === 0 && cluster === undefined) return undefined;
  return spentBy(site, machines, ports.clock.now(), cluster);
}

/**
 * @param now milliseconds since 1970
 * @param cluster when a managed one was made
 */
export async function spentBy(
  site: Site,
  machines: readonly Machine[],
  now: number,
  cluster?: Date,
): Promise<Spent | undefined> {
  const cost = await siteCost(site);
  if (!cost || cost.unpriced.length > 0) return undefined;
  const started = machines.flatMap(({ tags }) => startOfRun(tags.run) ?? []);
  const [since] = [...started, ...(cluster ? [cluster.toISOString()] : [])].sort();
  if (since === undefined) return { hour: cost.hour };
  return { hour: cost.hour, since, total: (cost.hour * (now - Date.parse(since))) / 3_600_000 };
}
