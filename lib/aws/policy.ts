import { GRANTED } from './actions.ts';
import { partition } from './partition.ts';
import { shortened } from './patterns.ts';
import { bucketStatements, clusterStatements, type OwnBucket } from './policy-named.ts';
import { roleStatements } from './policy-roles.ts';
import type { Policy, Statement } from './statement.ts';

/** For whom the policy is: rights reach as far as the site's tags. */
export interface Bound {
  account: string;
  region: string;
  site: string;
  /** What the site consists of; absent: all that there is. IAM takes no managed policy above 6144 characters. */
  cluster?: 'k3s' | 'eks';
  /** Its cluster is another hand's: nothing of the account is changed. */
  existing?: boolean;
  /** Another site than a rehearsal, which alone has a fence. */
  fenced?: false;
  /** A network that was brought: it does not bear the site's tag. */
  network?: { vpc?: string | undefined; subnets?: readonly string[] | undefined };
  /** Absent: S3 is asked with keys that have policies of their own. */
  buckets?: readonly OwnBucket[];
}

/** Types that an action makes, and those it needs for it: AWS asks of the first for the request's tags, of the others for their own. */
export const MAKES: Readonly<Record<string, { made: readonly string[]; with: readonly string[] }>> = {
  'ec2:CreateVpc': { made: ['vpc'], with: [] },
  'ec2:CreateSubnet': { made: ['subnet'], with: ['vpc'] },
  'ec2:CreateInternetGateway': { made: ['internet-gateway'], with: [] },
  'ec2:CreateRouteTable': { made: ['route-table'], with: ['vpc'] },
  'ec2:CreateNatGateway': { made: ['natgateway'], with: ['subnet', 'elastic-ip'] },
  'ec2:CreateSecurityGroup': { made: ['security-group'], with: ['vpc'] },
  'ec2:ImportKeyPair': { made: ['key-pair'], with: [] },
  'ec2:AllocateAddress': { made: ['elastic-ip'], with: [] },
  // Its security group is of EKS's making: a statement of its own.
  'ec2:CreateVpcEndpoint': { made: ['vpc-endpoint'], with: ['vpc', 'subnet'] },
  'ec2:CreateLaunchTemplate': { made: ['launch-template'], with: [] },
  'ec2:RunInstances': {
    made: ['instance', 'volume', 'network-interface'],
    with: ['subnet', 'security-group', 'key-pair', 'launch-template'],
  },
};

/** Of all that muster does: the gate refuses what is not in ACTIONS, so this is enough. */
export function policyFor(bound: Bound): Policy {
  const { region, cluster, existing, fenced, network, buckets = [] } = bound;
  const granted = GRANTED.filter(
    ({ action }) =>
      !action.startsWith('s3:') &&
      (cluster === undefined || !NEVER[cluster].test(action)) &&
      (network?.vpc === undefined || !NETWORK.test(action)) &&
      (fenced !== false || !FENCED.test(action)),
  );
  const writes: Writes = test =>
    granted.flatMap(({ kind, action }) => (kind === 'write' && test(action) ? action : []));
  const look: Statement = {
    ...{ Sid: 'Look', Effect: 'Allow', Resource: '*' },
    Action: shortened(
      granted.filter(({ kind, action }) => kind === 'read' && action !== PARAMETER).map(({ action }) => action),
      LOOKS,
    ),
  };
  if (existing) return { Version: '2012-10-17', Statement: [look, ...bucketStatements(region, buckets)] };
  return {
    Version: '2012-10-17',
    Statement: [
      look,
      ...imageStatements(
        region,
        granted.flatMap(({ action }) => (action === PARAMETER ? action : [])),
      ),
      ...machineStatements(bound, writes),
      ...nameStatements(
        region,
        writes(action => action.startsWith('route53:')),
      ),
      ...taggedByCluster(bound, writes),
      ...(cluster === 'k3s'
        ? []
        : roleStatements(
            bound,
            writes(action => action.startsWith('iam:')),
          )),
      ...clusterStatements(
        bound,
        writes(action => action.startsWith('eks:')),
      ),
      ...bucketStatements(region, buckets),
    ],
  };
}

/**
 * They show nothing secret that muster does not ask for. All of EC2's would: DescribeInstanceAttribute tells the user data of
 * machines. Of launch templates IAM has no condition that keeps others' away.
 */
const LOOKS = [
  ...['eks:Describe*', 'eks:List*', 'elasticloadbalancing:Describe*'],
  ...['ec2:DescribeA*', 'ec2:DescribeN*', 'ec2:DescribeVpc*', 'ec2:DescribeLaunchTemplate*'],
];

type Writes = (test: (action: string) => boolean) => string[];

/** What makes and changes a network: one that was brought stays as it is. */
const NETWORK =
  /^ec2:(?!Describe)\w+(Vpc|VpcAttribute|Subnet|SubnetAttribute|Gateway|Route|RouteTable|RouteTableAssociation)$/;

/** What only a rehearsal on EKS does. */
const FENCED = /^route53:|^ec2:(Create|Delete)VpcEndpoint/;

/**
 * What a site never calls: machines of ours have no roles; a managed cluster has no machines of ours, though EKS asks whether
 * whoever makes a node group might start them ("Customize managed nodes with launch templates"). All look for lost sites.
 */
const NEVER = {
  k3s: /^(eks:(?!ListClusters$|DescribeCluster$)|iam:|route53:)|VpcEndpoint|(Create|Delete)LaunchTemplate|TemplateVersions/,
  eks: /^ssm:|^ec2:(DescribeImages|Start|Stop|Terminate|ModifyInstanceMetadata|ImportKey|DeleteKey|DeleteVolume|AssociateAddress|\w+SecurityGroup(Ingress|Egress)?$)/,
};

const PARAMETER = 'ssm:GetParameter';

/** Parameters of the account hold secrets: only Debian's, which are public and of no account, tell an image (lib/host/ec2/image.ts). */
function imageStatements(region: string, Action: string[]): Statement[] {
  const Resource = `arn:${partition(region)}:ssm:${region}::parameter/aws/service/debian/*`;
  return Action.length > 0 ? [{ Sid: 'FindImage', Effect: 'Allow', Action, Resource }] : [];
}

/** EC2's own name, for the way to it behind a fence. Route 53 has no region. */
function nameStatements(region: string, Action: string[]): Statement[] {
  const Resource = `arn:${partition(region)}:route53:::hostedzone/*`;
  return Action.length > 0 ? [{ Sid: 'NameIt', Effect: 'Allow', Action, Resource }] : [];
}

/**
 * What bears the tags of the cluster. Load balancers, of the newer controller or the older one; and the security group of EKS's
 * making, in which nodes are, and the way to EC2 behind a fence.
 */
function taggedByCluster({ site, cluster }: Bound, writes: Writes): Statement[] {
  const balancers = writes(action => action.startsWith('elasticloadbalancing:'));
  const inside = cluster === 'k3s' ? [] : writes(action => /^ec2:(RunInstances|CreateVpcEndpoint)$/.test(action));
  const of = (Sid: string, Action: string[], tag: string, value: string): Statement => ({
    ...{ Sid, Effect: 'Allow', Action, Resource: '*' },
    Condition: { StringEquals: { [`aws:ResourceTag/${tag}`]: value } },
  });
  return [
    of('BalancersByTag', balancers, 'elbv2.k8s.aws/cluster', site),
    of('OwnedByCluster', [...balancers, ...inside], `kubernetes.io/cluster/${site}`, 'owned'),
  ];
}

/** EC2: by the site's tag, on what is made and what is there. */
function machineStatements({ account, region, site, network }: Bound, writes: Writes): Statement[] {
  const arn = (type: string, id = '*') => `arn:${partition(region)}:ec2:${region}:${account}:${type}/${id}`;
  const tagged = (of: 'Request' | 'Resource') => ({ StringEquals: { [`aws:${of}Tag/muster:site`]: site } });
  const making = writes(action => action in MAKES);
  const all = (of: 'made' | 'with') => [...new Set(making.flatMap(action => MAKES[action]?.[of] ?? []))];
  const made = all('made');
  // What the site makes none of is not its own: a network that was brought is named.
  const needed = all('with').filter(type => made.includes(type));
  const beside = making.filter(action => MAKES[action]?.with.length);
  const brought = [
    ...(network?.vpc === undefined ? [] : [arn('vpc', network.vpc)]),
    ...(network?.subnets ?? []).map(id => arn('subnet', id)),
  ];
  return [
    {
      ...{ Sid: 'MakeTagged', Effect: 'Allow', Action: making, Resource: made.map(type => arn(type)) },
      Condition: tagged('Request'),
    },
    {
      ...{ Sid: 'MakeBeside', Effect: 'Allow', Resource: needed.map(type => arn(type)) },
      ...{ Action: beside, Condition: tagged('Resource') },
    },
    ...(brought.length > 0
      ? [{ Sid: 'MakeInTheNetwork', Effect: 'Allow', Action: beside, Resource: brought } as const]
      : []),
    ...writes(action => action === 'ec2:RunInstances').map(
      (action): Statement => ({
        ...{ Sid: 'StartFromAnyImage', Effect: 'Allow', Action: [action] },
        Resource: `arn:${partition(region)}:ec2:${region}::image/*`,
      }),
    ),
    {
      ...{ Sid: 'TagMade', Effect: 'Allow', Action: ['ec2:CreateTags'], Resource: arn('*') },
      // While something is made, which is granted above.
      Condition: { ...tagged('Request'), Null: { 'ec2:CreateAction': 'false' } },
    },
    {
      ...{ Sid: 'ChangeTagged', Effect: 'Allow', Resource: '*' },
      Action: writes(action => action.startsWith('ec2:') && !(action in MAKES)),
      Condition: tagged('Resource'),
    },
  ];
}
