import { ec2Principal, partition } from '../../aws/index.ts';
import type { Site } from '../../inventory/index.ts';

/** The identities that a cluster consists of, each with the least that AWS documents for it. */
export type RolePart = 'cluster' | 'node' | 'vpc-cni' | 'ebs-csi';

export interface RoleWant {
  part: RolePart;
  name: string;
  /** Who may take it on, as IAM stores it. */
  trust: object;
  /** ARNs of AWS's own policies. */
  policies: readonly string[];
}

/** Roles are an account's, not a region's: so the region is in their names. Path and name are what `aws-policy` lets us touch. */
export const ROLE_PATH = '/muster/';

export const roleName = (site: Pick<Site, 'name'>, region: string, part: RolePart): string =>
  `${site.name}-${region}-${part}`;

export const roleArn = (
  site: Pick<Site, 'name'>,
  { account, region }: { account: string; region: string },
  part: RolePart,
) => `arn:${partition(region)}:iam::${account}:role${ROLE_PATH}${roleName(site, region, part)}`;

const trustOf = (service: string, ...actions: string[]) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { Service: service }, Action: actions.length === 1 ? actions[0] : actions },
  ],
});

/** Pods get their role from the pod identity agent, which tags the session with what it knows of the pod. */
const PODS = trustOf('pods.eks.amazonaws.com', 'sts:AssumeRole', 'sts:TagSession');

/** The node's role may not touch the network of pods: the plugin that does has a role of its own. */
export function rolesWanted(site: Pick<Site, 'name'>, region: string): RoleWant[] {
  const managed = (name: string) => `arn:${partition(region)}:iam::aws:policy/${name}`;
  const role = (part: RolePart, trust: object, ...policies: string[]): RoleWant => ({
    part,
    name: roleName(site, region, part),
    trust,
    policies: policies.map(managed).sort(),
  });
  return [
    role('cluster', trustOf('eks.amazonaws.com', 'sts:AssumeRole'), 'AmazonEKSClusterPolicy'),
    role(
      'node',
      trustOf(ec2Principal(region), 'sts:AssumeRole'),
      'AmazonEKSWorkerNodePolicy',
      'AmazonEC2ContainerRegistryPullOnly',
    ),
    role('vpc-cni', PODS, 'AmazonEKS_CNI_Policy'),
    role('ebs-csi', PODS, 'service-role/AmazonEBSCSIDriverPolicy'),
  ];
}
