import type { Aws } from '../../aws/index.ts';
import { TAG, type Tagged, tagOf } from '../../host/ec2/tags.ts';
import type { Site } from '../../inventory/index.ts';
import type { ClusterWant } from '../../inventory/sections/cluster.ts';
import { unlessAbsent } from './patience.ts';
import { rolesWanted } from './role.ts';
import { observeRole } from './roles.ts';

/** A cluster that bears the tag of a site, whoever made it. */
export interface FoundCluster extends Tagged {
  name: string;
  version: string;
  /** Its API can be asked: not while it is made or removed. */
  answers: boolean;
}

/** Those of the account and region that muster made. EKS lists names only. */
export async function foundClusters(aws: Aws): Promise<FoundCluster[]> {
  const names: string[] = [];
  let nextToken: string | undefined;
  do {
    const from = { nextToken };
    const page = await aws.call('eks', 'list the clusters', sdk => new sdk.ListClustersCommand(from));
    names.push(...(page.clusters ?? []));
    nextToken = page.nextToken;
  } while (nextToken);
  const seen = await Promise.all(
    names.map(async name => {
      const make = `look at the cluster ${name}`;
      const found = await unlessAbsent(aws.call('eks', make, sdk => new sdk.DescribeClusterCommand({ name })));
      const { version = '', tags = {}, status, endpoint } = found?.cluster ?? {};
      const answers = endpoint !== undefined && status !== 'DELETING';
      return { name, version, answers, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
    }),
  );
  return seen.filter(cluster => tagOf(cluster, TAG.site) === cluster.name);
}

/** Enough of an inventory to remove it: node groups that it does not name go as those that left it. */
export const eksToRemove = (version = ''): ClusterWant => ({ kind: 'eks', version, admins: [], nodes: [] });

/** Roles outlive a control plane, and EC2 does not list them: asked by their names. Throws when it cannot tell. */
export async function hasRolesOfEks(aws: Aws, site: Pick<Site, 'name'>, region: string): Promise<boolean> {
  const seen = await Promise.all(rolesWanted(site, region).map(role => observeRole({ aws, site }, role)));
  return seen.some(role => role?.foreign === false);
}
