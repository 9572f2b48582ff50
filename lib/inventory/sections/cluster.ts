import { z } from 'zod';
import { cidr, label, size, text } from '../values.ts';

const k3s = z.strictObject({
  kind: z.literal('k3s').describe('Kubernetes on the hosts.'),
  version: text(/^v[0-9]+\.[0-9]+\.[0-9]+\+[a-z0-9-]+$/, 'a version like v1.36.3+k3s1').describe(
    'One of those in artifacts/lock.yaml. A version that ends in +k3s-lab is built here, for labs only.',
  ),
});

const SIZE = { error: 'a whole number from 0 to 450' };
const GIB = 2 ** 30;
const count = z.int(SIZE).min(0, SIZE).max(450, SIZE);

const nodes = z.strictObject({
  name: label.describe(
    'Of the node group. Machines are changed by a new name: the old group goes when the new one works.',
  ),
  instance: text(/^[a-z][a-z0-9-]*[0-9][a-z0-9-]*\.[a-z0-9-]+$/, 'an instance type like m6i.large'),
  min: count,
  max: count.min(1, { error: 'at least 1' }),
  desired: count.describe('How many there are. What somebody scales by hand is put right.'),
  disk: size('20GiB', '16TiB')
    .refine(value => value % GIB === 0, { error: 'whole GiB: EKS counts in them' })
    .prefault('20GiB')
    .describe('Of each node, as 30GiB.'),
  arch: z.enum(['amd64', 'arm64']).optional().describe('Absent: what the instance type has.'),
});

const principal = text(
  /^arn:aws[a-z-]*:iam::[0-9]{12}:(user|role)\/[\w+=,.@/-]{1,576}$/,
  'the ARN of an IAM user or role, as arn:aws:iam::111122223333:role/platform',
);

const eks = z.strictObject({
  kind: z.literal('eks').describe('A control plane of AWS, with node groups. Needs provider ec2, and no hosts.'),
  // https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
  existing: text(/^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/, 'the name of an EKS cluster')
    .optional()
    .describe(
      'One that is there already, in network.vpc: muster works in it, and changes and removes nothing of it. admins, nodes and access are then those of a rehearsal, which builds a cluster of its own.',
    ),
  version: text(/^1\.[0-9]{1,3}$/, "a minor version in quotes, like '1.36'").describe(
    'Asked of EKS before anything is made. Upgrades go one minor at a time. Of an existing cluster: what it runs.',
  ),
  access: z
    .array(cidr)
    .min(1)
    .readonly()
    .optional()
    .describe('From where the public endpoint is reached. Absent: as the provider says.'),
  admins: z
    .array(principal)
    .default([])
    .readonly()
    .describe('Who may do everything in the cluster; the identity that runs muster must be one of them.'),
  classes: z
    .array(
      text(
        /^(?!gp[23]$)[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/,
        'the name of a class of volumes but gp2 and gp3, which are there',
      ),
    )
    .readonly()
    .optional()
    .describe(
      'With existing: classes of volumes that the cluster of a rehearsal has beside gp2 and gp3; each is gp3 there.',
    ),
  nodes: z.array(nodes).default([]).readonly().describe('Node groups of Amazon Linux 2023.'),
});

export const cluster = z.discriminatedUnion('kind', [k3s, eks]).describe('Kubernetes.');

export type ClusterWant = z.infer<typeof cluster>;
export type EksWant = z.infer<typeof eks>;
