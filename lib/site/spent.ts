import { clusterPlane } from '../cluster/index.ts';
import { bucketsOf, type ControlPlane, type Item, type Metered, runningCost, storeDemands } from '../cost/index.ts';
import { oneLine } from '../errors/index.ts';
import type { Machine } from '../host/provider.ts';
import type { Site } from '../inventory/index.ts';
import type { OpenSite } from './open.ts';
import { startOfRun } from './run-verb.ts';

/** What a running site has cost, by its prices and the age of its parts. */
export interface Spent {
  /** Euros, with what is beside. */
  hour: number;
  /** Euros, of what is still there; undefined: nothing says since when. */
  total?: number;
  /** UTC, ISO 8601. */
  since?: string;
  /** What the inventory does not name, and is there: the dearest first. */
  beside?: readonly Item[];
  /** What is not in these sums, and why. */
  lacks?: readonly string[];
  warnings?: readonly string[];
}

/** What was seen of it. */
export interface Looked {
  machines: readonly Machine[];
  plane?: ControlPlane;
  /** When a managed cluster was made. */
  since?: Date | undefined;
  beside: readonly Metered[];
  /** What could not be looked at. */
  lacks: readonly string[];
}

type Parts = Pick<OpenSite, 'site' | 'provider' | 'ports'>;

/** Asks for what its machines do not tell. undefined: nothing of it costs, or nobody knows. */
export async function spentOn(open: Parts, machines: readonly Machine[]): Promise<Spent | undefined> {
  const { site, provider, ports } = open;
  if (site.provider.kind !== 'ec2') return undefined;
  // A cloud that gives no answer is a matter of its own steps.
  const cluster = await clusterPlane(site, provider).catch(() => undefined);
  if (machines.length === 0 && cluster === undefined) return undefined;
  const lacks: string[] = [];
  const unless = (what: string, look: Promise<readonly Metered[]>) =>
    look.catch(error => {
      lacks.push(`${what}: ${oneLine(error)}`);
      return [];
    });
  const beside = await Promise.all([
    unless('what Kubernetes made', provider.metered?.() ?? Promise.resolve([])),
    unless('what lies in the store', stored(open)),
  ]);
  return spentBy(site, { machines, ...cluster, beside: beside.flat(), lacks }, ports.clock.now());
}

/** Its newest versions: what was written over no list tells the size of. */
async function stored({ site, ports }: Parts): Promise<Metered[]> {
  if (bucketsOf(site).length === 0) return [];
  const objects = await (await ports.store(site.name)).list('');
  return storeDemands(
    site,
    objects.reduce((sum, { size }) => sum + size, 0) / 2 ** 30,
    'what lies without old versions',
  );
}

/** @param now milliseconds since 1970 */
export async function spentBy(site: Site, looked: Looked, now: number): Promise<Spent | undefined> {
  const cost = await runningCost(site, now, looked);
  if (!cost) return undefined;
  const { base, beside } = cost;
  const priced = beside.filter(item => item.hour !== undefined).sort((a, b) => (b.hour ?? 0) - (a.hour ?? 0));
  const nameless = [...base.unpriced, ...beside.flatMap(item => (item.hour === undefined ? item.what : []))];
  const lacks = [...looked.lacks, ...nameless.map(what => `${what}: no price is known`)];
  const hour = priced.reduce((sum, item) => sum + (item.hour ?? 0), base.hour);
  const started = looked.machines.flatMap(({ tags }) => startOfRun(tags.run) ?? []);
  const [since] = [...started, ...(looked.since ? [looked.since.toISOString()] : [])].sort();
  const spent: Spent = {
    hour,
    ...(priced.length > 0 && { beside: priced.map(({ since: _, ...item }) => item) }),
    ...(lacks.length > 0 && { lacks }),
    ...(base.warnings.length > 0 && { warnings: base.warnings }),
  };
  if (since === undefined) return spent;
  const from = Date.parse(since);
  const cents = (price: number, start: number) => (price * Math.max(0, now - start)) / 3_600_000;
  const total = priced.reduce((sum, item) => sum + cents(item.hour ?? 0, item.since ?? from), cents(base.hour, from));
  return { ...spent, since, total };
}
