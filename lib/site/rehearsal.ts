import { lookup } from 'node:dns/promises';
import { rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { fileLock, type Held } from '../engine/index.ts';
import { OpsError, oneLine } from '../errors/index.ts';
import { exists } from '../host/exists.ts';
import type { Fence } from '../host/index.ts';
import type { Ec2Want, Site } from '../inventory/index.ts';
import { storeAccess } from '../store/index.ts';
import { type Duration, hours } from '../time/index.ts';
import { sharedLock } from './lock.ts';
import { type OpenSite, wireSite } from './open.ts';
import { runVerb } from './run-verb.ts';
import { leaks, removalSteps } from './teardown.ts';

/** Names are DNS labels: what a rehearsal adds to one must fit too. */
const LONGEST = 63;

/** One that is left alone for so long is nobody's: `./muster reap` may take it. A rebuild may fail, and be gone on with. */
const LEFT_ALONE = hours(6);

/**
 * Pure. The same site under another name, on ports of its own; nothing in it writes canaries or runs by a timer, and the
 * source's escrow is not its own. Beside a cluster of another hand it has one of its own, in a network of its own. Errors:
 * DRILL_TARGET: the inventory does not say of what.
 */
export function rehearsalSite({ drills: _, ...source }: Site): Site {
  const name = `${source.name}-rehearsal`;
  if (name.length > LONGEST)
    throw new OpsError('DRILL_TARGET', `cannot rehearse ${source.name}: '${name}' has more than ${LONGEST} characters`);
  const { schedule: _timers, escrow: _theirs, ...backup } = source.backup ?? {};
  return {
    ...source,
    name,
    provider: providerOf(source),
    ...ownCluster(source),
    ...(source.backup && { backup: backup as NonNullable<Site['backup']> }),
  };
}

function providerOf({ provider, backup }: Pick<Site, 'provider' | 'backup'>): Site['provider'] {
  if (provider.kind === 'ec2') return { ...provider, expires: expiryOf(provider, backup?.rto ?? 0) };
  const { ports: _, ...own } = { ports: undefined, ...provider };
  return own as Site['provider'];
}

/** Beside a cluster of another hand: what stands there instead of it, and of its network. */
function ownCluster(source: Site): Partial<Site> {
  const { name, cluster } = source;
  const provider = providerOf(source);
  if (cluster.kind !== 'eks' || cluster.existing === undefined || provider.kind !== 'ec2') return {};
  const missing = (['admins', 'nodes'] as const).filter(key => cluster[key].length === 0);
  if (missing.length > 0)
    throw new OpsError(
      'DRILL_TARGET',
      `cannot rehearse ${name}: its cluster is another hand's, and ${missing.map(key => `cluster.${key}`).join(' and ')} do not say of what to build one beside it`,
      { hint: `${missing.map(key => SAYS[key]).join('; ')}: under cluster in inventories/${name}.yaml` },
    );
  const { existing: _, ...own } = cluster;
  const { vpc: _vpc, subnets: _subnets, ...network } = provider.network;
  return { cluster: own, provider: { ...provider, network } };
}

const SAYS = {
  admins: 'admins: [arn:aws:iam::ACCOUNT:role/NAME], who run muster',
  nodes: 'nodes: [{ name: general, instance: m6i.large, min: 2, max: 2, desired: 2 }]',
} as const;

const expiryOf = ({ expires }: Ec2Want, rto: Duration): Duration =>
  Math.min(expires ?? Number.POSITIVE_INFINITY, Math.max(LEFT_ALONE, 4 * rto));

/** Of the new site, in the caller's checkout. */
export const rehearsalDir = ({ site, dirs }: Pick<OpenSite, 'site' | 'dirs'>): string =>
  join(dirs.project, '.muster', rehearsalSite(site).name);

/** One rehearsal of a site at a time: it is held outside of the rehearsal's state, which goes with it. Errors: LOCK_HELD. */
export function lockRehearsal(open: OpenSite): Promise<Held> {
  const { site, dirs, ports } = open;
  const local = fileLock(join(dirs.project, '.muster', 'rehearsals', site.name), ports.clock.now);
  return sharedLock(open, `${site.name}-rehearsal`, local).acquire('drill');
}

/**
 * A site beside its source, fenced, that reads the source's store. Nothing of it is made yet.
 * @param generation of the source's escrow.
 * Errors: DRILL_TARGET: its machines are none of ours, or no fence can let its store through.
 */
export async function openRehearsal(open: OpenSite, generation: number): Promise<OpenSite> {
  const { provider, dirs, ports, masker, signal, emit } = open;
  const site = rehearsalSite(open.site);
  if (!provider.owned)
    throw new OpsError('DRILL_TARGET', `cannot rehearse ${open.site.name}: a second site would need hosts of its own`, {
      hint: 'rehearse a lab of the same inventory with the provider qemu or container',
    });
  if (await exists(join(dirs.project, 'inventories', `${site.name}.yaml`)))
    throw new OpsError('DRILL_TARGET', `cannot rehearse ${open.site.name}: ${site.name} is a site with an inventory`, {
      hint: `give ${site.name} another name: a rehearsal takes this one, and removes what is called so`,
    });
  const network = ownNetwork(site);
  const store = await storePlace(open);
  const fence = { name: site.name, store, ...(network !== undefined && { network }) };
  const rehearsal = { of: open.site, generation, fence };
  const own = { ...dirs, state: rehearsalDir(open) };
  return wireSite(site, { project: dirs.project, dirs: own, clock: ports.clock, signal, emit, masker, rehearsal });
}

/**
 * Pure. What the fence lets machines see of each other, where they are more than one. Errors: DRILL_TARGET: in a network that
 * was brought the source, or others, may live too.
 */
export function ownNetwork({
  name,
  provider,
  hosts,
  cluster,
}: Pick<Site, 'name' | 'provider' | 'hosts' | 'cluster'>): string | undefined {
  // Pods of EKS have addresses of the network, and so has its control plane.
  if (provider.kind !== 'ec2' || (cluster.kind !== 'eks' && hosts.length < 2)) return undefined;
  const { vpc, cidr } = provider.network;
  if (vpc === undefined) return cidr;
  throw new OpsError(
    'DRILL_TARGET',
    `cannot fence ${name}: its ${cluster.kind === 'eks' ? 'nodes' : `${hosts.length} machines`} would be in ${vpc}, with others`,
    {
      hint: 'rehearse without network.vpc, so that the network is its own',
    },
  );
}

/** A fence knows no names. One of many addresses is enough for as long as a rehearsal takes: pods are told that one alone. */
async function storePlace({ site, dirs, ports, provider }: OpenSite): Promise<Fence['store']> {
  const access = await storeAccess(site, 'reader', { dirs, secrets: ports.secrets, gateway: provider.gateway });
  const { hostname: name, port: given } = new URL(access.there);
  const port = Number(given || 443);
  if (isIP(name) === 4) return { address: name, port };
  const store = site.backup?.store;
  if (store?.kind === 's3' && store.address !== undefined) return { address: store.address, port, name };
  try {
    const { address } = await lookup(name, { family: 4 });
    return { address, port, name };
  } catch (cause) {
    throw new OpsError(
      'DRILL_TARGET',
      `cannot fence a rehearsal of ${site.name}: its store ${access.there} has no IPv4 address here (${oneLine(cause)})`,
      { cause, hint: 'a fence lets one address through: backup.store.address in the inventory names it' },
    );
  }
}

/** All that a rehearsal is made of, its journals left; gives what is still there. Errors: LEAK_UNKNOWN, those of steps. */
export async function removeRehearsal(target: OpenSite): Promise<string[]> {
  await runVerb(target, 'destroy', removalSteps(target.site, target), { retain: true, confirmed: true });
  return (await leaks(target)).map(({ kind, id, detail }) => `${kind} ${id}: ${detail}`);
}

/** The last of it: journals and lock. */
export const forgetRehearsal = ({ dirs }: OpenSite): Promise<void> => rm(dirs.state, { recursive: true, force: true });

/** What a rehearsal that was killed left goes before the next one begins. Errors: LEAK_FOUND, LEAK_UNKNOWN. */
export async function sweepRehearsal(target: OpenSite): Promise<void> {
  if (!(await exists(target.dirs.state))) return;
  target.emit({ type: 'notice', text: `a rehearsal was killed before its end: ${target.site.name} is removed first` });
  const left = await removeRehearsal(target);
  if (left.length > 0)
    throw new OpsError('LEAK_FOUND', `cannot begin: ${left.length} things of an earlier rehearsal are still there`, {
      details: left,
      hint: 'end what is named, then type the same again',
    });
  await forgetRehearsal(target);
}
