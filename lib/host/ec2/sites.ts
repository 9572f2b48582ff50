import type { Aws } from '../../aws/index.ts';
import type { Ec2Want, HostWant, Site } from '../../inventory/index.ts';
import type { ClusterWant } from '../../inventory/sections/cluster.ts';
import { isOver, LEAK_KINDS } from './leaks.ts';
import { EVERY_SITE } from './questions.ts';
import { roleOf, TAG, type Tagged, tagOf } from './tags.ts';
import { viewOf } from './view.ts';

/** A site as its tags tell of it, whoever made it and wherever its inventory is. */
export interface FoundSite {
  name: string;
  owner: string;
  /** The latest of its tags, or 'never'. */
  expires: string;
  expired: boolean;
  things: number;
  hosts: string[];
  /** Something is left that only machines of ours have. */
  machines: boolean;
}

/** All sites of the account in this region. `clusters`: of EKS, which EC2 does not list. */
export async function foundSites(aws: Aws, clusters: readonly Tagged[], now: number): Promise<FoundSite[]> {
  const view = viewOf({ aws, site: EVERY_SITE, network: { cidr: '', nat: false } });
  const rows = (await Promise.all(LEAK_KINDS.map(kind => view.look(kind)))).flat() as Tagged[];
  const living = [...rows.filter(row => !isOver(row)), ...clusters];
  const names = [...new Set(living.flatMap(row => tagOf(row, TAG.site) ?? []))].sort();
  return names.map(name =>
    summary(
      name,
      living.filter(row => tagOf(row, TAG.site) === name),
      now,
    ),
  );
}

function summary(name: string, rows: Tagged[], now: number): FoundSite {
  // What another tool made bears the tag of the site, and no word on when it ends.
  const ends = rows.flatMap(row => tagOf(row, TAG.expires) ?? []);
  const expires = ends.includes('never') ? 'never' : (ends.sort().at(-1) ?? 'never');
  const roles = rows.map(roleOf);
  const hosts = roles.flatMap(role => /^(?:host|address)\/(.+)$/.exec(role)?.[1] ?? []);
  return {
    name,
    owner: rows.flatMap(row => tagOf(row, TAG.owner) ?? [])[0] ?? 'nobody',
    expires,
    expired: expires !== 'never' && Date.parse(expires) < now,
    things: rows.length,
    hosts: [...new Set(hosts)].sort(),
    machines: hosts.length > 0 || roles.some(role => role === 'firewall' || role === 'key'),
  };
}

/** Enough of an inventory to remove what has its tags. Which cluster it had, the caller knows: never that of `like`. */
export function siteToRemove(like: Site, want: Ec2Want, { name, hosts }: FoundSite, cluster: ClusterWant): Site {
  const { vpc: _, subnets: __, ...network } = want.network;
  return {
    ...like,
    name,
    cluster,
    provider: { ...want, network },
    hosts: hosts.map((host): HostWant => ({ name: host, role: 'server', disk: 0 })),
  };
}
