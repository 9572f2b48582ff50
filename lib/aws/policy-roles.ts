import { ec2Principal, partition } from './partition.ts';
import type { Statement } from './statement.ts';

/** The roles of one site: nothing else of IAM is touched (lib/cluster/eks/role.ts). */
const rolesOf = ({ site, region }: Place) => `role/muster/${site}-${region}-*`;

/** AWS's own policies that muster gives to its roles: with any other a role could be made that may do everything. */
export const GIVEN = [
  'AmazonEKSClusterPolicy',
  'AmazonEKSWorkerNodePolicy',
  'AmazonEC2ContainerRegistryPullOnly',
  'AmazonEKS_CNI_Policy',
  'service-role/AmazonEBSCSIDriverPolicy',
];

/** Who the roles are for; and which services make roles of their own. */
const passedTo = (region: string) => ['eks.amazonaws.com', ec2Principal(region), 'pods.eks.amazonaws.com'];
const LINKED = ['eks.amazonaws.com', 'eks-nodegroup.amazonaws.com'];

interface Place {
  account: string;
  region: string;
  site: string;
}

/** Pure. IAM knows no region and few tags: its rights are bound by the names of roles, and by what is given to them. */
export function roleStatements(place: Place, actions: readonly string[]): Statement[] {
  const { account, region } = place;
  const arn = (of: string, owner = account) => `arn:${partition(region)}:iam::${owner}:${of}`;
  const roles = arn(rolesOf(place));
  const bound: Record<string, Omit<Statement, 'Effect' | 'Action'>> = {
    'iam:AttachRolePolicy': {
      ...{ Sid: 'GivePolicies', Resource: roles },
      Condition: { ArnEquals: { 'iam:PolicyARN': GIVEN.map(name => arn(`policy/${name}`, 'aws')) } },
    },
    'iam:PassRole': {
      ...{ Sid: 'PassRoles', Resource: roles },
      Condition: { StringEquals: { 'iam:PassedToService': passedTo(region) } },
    },
    'iam:CreateServiceLinkedRole': {
      ...{ Sid: 'EksMakesRoles', Resource: arn('role/aws-service-role/*') },
      Condition: { StringEquals: { 'iam:AWSServiceName': LINKED } },
    },
  };
  return [
    {
      ...{ Sid: 'ChangeRoles', Effect: 'Allow', Resource: roles },
      Action: actions.filter(action => !(action in bound)),
    },
    ...actions.flatMap((action): Statement[] => {
      const more = bound[action];
      return more ? [{ ...more, Effect: 'Allow', Action: [action] }] : [];
    }),
  ];
}
