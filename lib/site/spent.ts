import { siteCost } from '../cost/index.ts';
import type { Machine } from '../host/provider.ts';
import type { Site } from '../inventory/index.ts';

/** What a running site has cost, by its prices and its oldest machine. */
export interface Spent {
  /** Euros. */
  hour: number;
  /** Euros; undefined: no machine says since when. */
  total?: number;
  /** UTC, ISO 8601. */
  since?: string;
}

/** '2026-11-27T23-28-15-123Z-0a1b2c3d', as newRun() names a run, to its moment. */
const RUN = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)-(\d{3}Z)-/;

const startOf = (run: string): string | undefined =>
  RUN.test(run) ? run.replace(/^(.{13})-(\d\d)-(\d\d)-(\d{3}Z)-.*/, '$1:$2:$3.$4') : undefined;

/** undefined: the site costs nothing at a cloud, or nobody knows. @param now milliseconds since 1970 */
export async function spentBy(site: Site, machines: readonly Machine[], now: number): Promise<Spent | undefined> {
  const cost = await siteCost(site);
  if (!cost || cost.unpriced.length > 0) return undefined;
  const [since] = machines.flatMap(({ tags }) => startOf(tags.run) ?? []).sort();
  if (since === undefined) return { hour: cost.hour };
  return { hour: cost.hour, since, total: (cost.hour * (now - Date.parse(since))) / 3_600_000 };
}
