import type { Aws } from '../../aws/index.ts';
import type { Resource } from '../provider.ts';
import { balancersOf } from './balancers.ts';
import { isOfCluster } from './tags.ts';

/** What a cluster of this name may have made in the account beside EC2's own. Throws when it cannot tell. */
export async function behindOurBack(aws: Aws, site: string): Promise<Resource[]> {
  const [balancers, ...groups] = await Promise.all([balancersOf(aws), ...LOGS(site).map(name => logGroups(aws, name))]);
  return [
    ...balancers
      .filter(one => isOfCluster(one, site))
      .map(({ kind, id }) => ({ kind, id, detail: 'made by Kubernetes' })),
    ...groups.flat(),
  ];
}

/** The control plane of EKS writes to the first, agents of CloudWatch to the second: neither tags its groups. */
const LOGS = (site: string): string[] => [`/aws/eks/${site}/`, `/aws/containerinsights/${site}/`];

async function logGroups(aws: Aws, logGroupNamePrefix: string): Promise<Resource[]> {
  const found: Resource[] = [];
  let nextToken: string | undefined;
  do {
    const make = { logGroupNamePrefix, nextToken };
    const page = await aws.call(
      'logs',
      `list log groups ${logGroupNamePrefix}`,
      sdk => new sdk.DescribeLogGroupsCommand(make),
    );
    found.push(
      ...(page.logGroups ?? []).map(({ logGroupName: id = '', creationTime: since }) => ({
        ...{ kind: 'log group', id, detail: 'of a cluster of this name; remove it when nobody needs what it says' },
        ...(since !== undefined && { since }),
      })),
    );
    nextToken = page.nextToken;
  } while (nextToken !== undefined && nextToken !== '');
  return found;
}
