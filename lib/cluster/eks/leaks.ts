import type { Provider, Resource } from '../../host/provider.ts';
import type { Site } from '../../inventory/index.ts';
import { endpointsOf } from './endpoint.ts';
import { observeCluster } from './observe.ts';
import { rolesWanted } from './role.ts';
import { observeRole } from './roles.ts';
import { clusterName } from './site.ts';
import { eksOf } from './steps.ts';

/** What of the cluster is still in the account; the provider lists the rest by its tags. Throws when it cannot tell. */
export async function eksLeaks(site: Site, provider: Provider): Promise<Resource[]> {
  const eks = eksOf(site, provider);
  if (eks.want.existing !== undefined) return [];
  const [{ cluster }, endpoints, ...roles] = await Promise.all([
    observeCluster(eks, true),
    endpointsOf(eks),
    ...rolesWanted(site, eks.cloud.region).map(role => observeRole(eks, role)),
  ]);
  return [
    ...(cluster?.ours
      ? [{ kind: 'cluster', id: clusterName(eks), detail: `control plane of EKS, ${cluster.status}` }]
      : []),
    ...endpoints.map(({ VpcEndpointId: id = '', State }) => ({ kind: 'VPC endpoint', id, detail: `to EC2, ${State}` })),
    ...roles.flatMap(role =>
      role && !role.foreign ? [{ kind: 'role', id: role.name, detail: 'IAM role of EKS' }] : [],
    ),
  ];
}
