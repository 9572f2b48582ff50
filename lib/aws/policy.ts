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
  'ec2:RunInstances': {
    made: ['instance', 'volume', 'network-interface'],
    with: ['subnet', 'security-group', 'key-pair'],
  },
};

/** Of all that muster does: the gate refuses what is not in ACTIONS, so this is enough. */
export function policyFor(bound: Bound): Policy {
  const { region, cluster, fenced, buckets = [] } = bound;
  const granted = GRANTED.filter(
    ({ action }) =>
      !action.startsWith('s3:') &&
      (cluster === undefined || !NEVER[cluster].test(action)) &&
      (fenced !== false || !FENCED.test(action)),
  );
  const writes: Writes = test =>
    granted.flatMap(({ kind, action }) => (kind === 'write' && test(action) ? action : []));
  return {
    Version: '2012-10-17',
    Statement: [
      {
        ...{ Sid: 'Look', Effect: 'Allow', Resource: '*' },
        Action: shortened(
          granted.filter(({ kind }) => kind === 'read').map(({ action }) => action),
          LOOKS,
        ),
      },
      ...machineStatements(bound, writes),
      ...endpointStatements(bound, writes),
      ...balancerStatements(bound.site, writes),
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

/** They show nothing secret. EC2's would: DescribeInstanceAttribute tells the user data of machines. */
const LOOKS = ['eks:Describe*', 'eks:List*', 'elasticloadbalancing:Describe*'];

type Writes = (test: (action: string) => boolean) => string[];

/** What only a rehearsal on EKS does. */
const FENCED = /^route53:|^ec2:(Create|Delete)VpcEndpoint/;

/** What a site never calls: machines of ours have no roles; a managed cluster has no machines of ours. All look for lost sites. */
const NEVER = {
  k3s: /^(eks:(?!ListClusters$|DescribeCluster$)|iam:|route53:)|VpcEndpoint/,
  eks: /^ssm:|^ec2:(DescribeImages|Run|Start|Stop|Terminate|ModifyInstanceMetadata|ImportKey|DeleteKey|DeleteVolume|AssociateAddress|\w+SecurityGroup(Ingress|Egress)?$)/,
};

/** The way to EC2 behind a fence: in the security group that EKS makes, under EC2's own name. Route 53 has no region. */
function endpointStatements({ account, region, site }: Bound, writes: Writes): Statement[] {
  const group = `arn:${partition(region)}:ec2:${region}:${account}:security-group/*`;
  const into = writes(action => action === 'ec2:CreateVpcEndpoint');
  const named = writes(action => action.startsWith('route53:'));
  if (into.length === 0) return [];
  return [
    {
      ...{ Sid: 'Endpoint', Effect: 'Allow', Action: into, Resource: group },
      Condition: { StringEquals: { [`aws:ResourceTag/kubernetes.io/cluster/${site}`]: 'owned' } },
    },
    {
      Sid: 'NameIt',
      Effect: 'Allow',
      Action: named,
      Resource: `arn:${partition(region)}:route53:::hostedzone/*`,
    },
  ];
}

/** Kubernetes makes them, and tags them by its cluster: the newer controller in one way, the older one in another. */
function balancerStatements(site: string, writes: Writes): Statement[] {
  const Action = writes(action => action.startsWith('elasticloadbalancing:'));
  const of = (Sid: string, tag: string, value: string): Statement => ({
    ...{ Sid, Effect: 'Allow', Action, Resource: '*' },
    Condition: { StringEquals: { [`aws:ResourceTag/${tag}`]: value } },
  });
  return [
    of('BalancersByTag', 'elbv2.k8s.aws/cluster', site),
    of('BalancersOwned', `kubernetes.io/cluster/${site}`, 'owned'),
  ];
}

/** EC2: by the site's tag, on what is made and what is there. */
function machineStatements({ account, region, site, network }: Bound, writes: Writes): Statement[] {
  const arn = (type: string, id = '*') => `arn:${partition(region)}:ec2:${region}:${account}:${type}/${id}`;
  const tagged = (of: 'Request' | 'Resource') => ({ StringEquals: { [`aws:${of}Tag/muster:site`]: site } });
  const making = writes(action => action in MAKES);
  const all = (of: 'made' | 'with') => [...new Set(making.flatMap(action => MAKES[action]?.[of] ?? []))];
  const [made, needed] = [all('made'), all('with')];
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
      Condition: {
        StringEquals: {
          'ec2:CreateAction': making.map(action => action.replace('ec2:', '')),
          'aws:RequestTag/muster:site': site,
        },
      },
    },
    {
      ...{ Sid: 'ChangeTagged', Effect: 'Allow', Resource: '*' },
      Action: writes(action => action.startsWith('ec2:') && !(action in MAKES)),
      Condition: tagged('Resource'),
    },
  ];
}
