import type { Run } from '../../engine/index.ts';
import type { Ec2Want, Site } from '../../inventory/index.ts';
import { owner } from '../owner.ts';

/** On everything that muster makes in AWS, from its creation on: what is found again is found by them. */
export const TAG = {
  site: 'muster:site',
  /** What it is to the site: 'vpc', 'subnet/public-a', 'host/server-1'. */
  role: 'muster:role',
  run: 'muster:run',
  owner: 'muster:owner',
  /** UTC, ISO 8601, or 'never': after it `./muster reap` may remove the site. */
  expires: 'muster:expires',
  /** Which image machines boot, on the site's security group: 'debian-12=ami-0a1b2c3d'. */
  image: 'muster:image',
  /** A machine's OpenSSH public key line, on its instance. */
  hostKey: 'muster:host-key',
} as const;

export interface Tagged {
  Tags?: { Key?: string | undefined; Value?: string | undefined }[] | undefined;
}

export const tagOf = (resource: Tagged, key: string): string | undefined =>
  resource.Tags?.find(tag => tag.Key === key)?.Value;

/** Made by Kubernetes for the cluster of this site. `shared` is what a cluster uses, and another hand made. */
export function isOfCluster(resource: Tagged, site: string): boolean {
  if (tagOf(resource, `kubernetes.io/cluster/${site}`) === 'owned') return true;
  return OF_CLUSTER.some(key => tagOf(resource, key) === site);
}

/** Their value is the cluster: of the AWS load balancer controller, the network plugin, and older cloud providers. */
export const OF_CLUSTER = ['elbv2.k8s.aws/cluster', 'cluster.k8s.amazonaws.com/name', 'KubernetesCluster'];

export const roleOf = (resource: Tagged): string => tagOf(resource, TAG.role) ?? '';

/** Of a new resource. */
export function newTags(
  site: Pick<Site, 'name'>,
  { expires }: Pick<Ec2Want, 'expires'>,
  role: string,
  run: Pick<Run, 'id' | 'startedAt'>,
) {
  const all = {
    Name: role === 'vpc' ? site.name : `${site.name} ${role}`,
    [TAG.site]: site.name,
    [TAG.role]: role,
    [TAG.run]: run.id,
    [TAG.owner]: owner(),
    [TAG.expires]: expires === undefined ? 'never' : new Date(Date.parse(run.startedAt) + expires).toISOString(),
  };
  return Object.entries(all).map(([Key, Value]) => ({ Key, Value }));
}
