import { partition } from './partition.ts';
import { shortened } from './patterns.ts';
import type { Statement } from './statement.ts';

/** A bucket of a store that is made and hardened as whoever runs muster. */
export interface OwnBucket {
  name: string;
  /** ARN. */
  kmsKey?: string | undefined;
}

interface Place {
  account: string;
  region: string;
  site: string;
}

const CLUSTER_PARTS = ['nodegroup', 'addon', 'access-entry', 'podidentityassociation'];

/** Of EKS they mean what muster calls, and nothing else. */
const CHANGES = [
  ...['eks:UpdateCluster*', 'eks:*Nodegroup', 'eks:UpdateNodegroup*', 'eks:*Addon'],
  'eks:*PodIdentityAssociation',
];

/** Pure. EKS, by the name of the site's cluster: what is in it has the name in its ARN. */
export function clusterStatements({ account, region, site }: Place, actions: readonly string[]): Statement[] {
  if (actions.length === 0) return [];
  const of = (what: string) => `arn:${partition(region)}:eks:${region}:${account}:${what}`;
  const Resource = [of(`cluster/${site}`), ...CLUSTER_PARTS.map(part => of(`${part}/${site}/*`))];
  return [{ Sid: 'ChangeCluster', Effect: 'Allow', Action: shortened(actions, CHANGES), Resource }];
}

/** Pure. What the owner of these buckets may do, with the scratch bucket of a self-test (lib/store/roles.ts). */
export function bucketStatements(region: string, buckets: readonly OwnBucket[]): Statement[] {
  if (buckets.length === 0) return [];
  const arn = (name: string) => `arn:${partition(region)}:s3:::${name}`;
  const Resource = buckets.flatMap(({ name }) => ['', '/*', '-selftest', '-selftest/*'].map(end => arn(name + end)));
  const keys = buckets.flatMap(({ kmsKey }) => kmsKey ?? []);
  return [
    { Sid: 'OwnBuckets', Effect: 'Allow', Action: ['s3:*'], Resource },
    ...(keys.length > 0
      ? [{ Sid: 'TheirKeys', Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: keys } as const]
      : []),
  ];
}
