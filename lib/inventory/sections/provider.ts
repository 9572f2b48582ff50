import { z } from 'zod';
import { cidr, port, span, text } from '../values.ts';

const ports = z
  .strictObject({ ssh: port.optional(), api: port.optional(), web: port.optional() })
  .optional()
  .describe('Ports of 127.0.0.1 that lead into the machine. Those left out are found free, then kept.');

const qemu = z.strictObject({
  kind: z.literal('qemu').describe('Virtual machines of this computer, without a daemon.'),
  accelerator: z
    .enum(['auto', 'kvm', 'tcg'])
    .default('auto')
    .describe('auto boots a probe on /dev/kvm and falls back to emulation (tcg).'),
  ports,
});

const container = z.strictObject({
  kind: z
    .literal('container')
    .describe(
      'Machines as podman containers of this computer: up in seconds. For labs only: they share the kernel, and cpus and memory are no limits there.',
    ),
  ports,
});

const existing = z.strictObject({
  kind: z.literal('existing').describe('Hosts you bring, over SSH. They are never made and never removed.'),
});

const network = z.strictObject({
  cidr: cidr
    .default('10.20.0.0/16')
    .describe('Of the VPC, a /16 to a /24; cut in four for public and private subnets in two zones.'),
  nat: z
    .boolean()
    .default(false)
    .describe('A NAT gateway for the private subnets. It costs by the hour and by the gigabyte.'),
  vpc: text(/^vpc-[0-9a-f]{8,17}$/, 'a VPC like vpc-0a1b2c3d')
    .optional()
    .describe('One that is there already: muster changes and removes nothing of its network.'),
  subnets: z
    .array(text(/^subnet-[0-9a-f]{8,17}$/, 'a subnet like subnet-0a1b2c3d'))
    .min(1)
    .readonly()
    .optional()
    .describe('With vpc: its subnets to use, machines in the first; two zones for EKS.'),
  zones: z
    .array(text(/^[a-z]{2,4}(-[a-z]+)+-[0-9][a-z]$/, 'a zone like eu-central-1a'))
    .length(2, { error: 'two zones' })
    .readonly()
    .optional()
    .describe('Two of the region, machines in the first. Absent: its first two; for EKS those that EKS takes.'),
});

/** Of every cloud of AWS. */
export const REGION = /^[a-z]{2,4}(-[a-z]+)+-[0-9]$/;

const ec2 = z.strictObject({
  kind: z.literal('ec2').describe('Machines of AWS, in a network of their own.'),
  account: text(/^[0-9]{12}$/, "an account's 12 digits, in quotes").describe('Every other account is refused.'),
  region: text(REGION, 'a region like eu-central-1'),
  profile: text(/^[^\0\n]{1,128}$/, 'a profile')
    .optional()
    .describe("Of ~/.aws/config. Absent: AWS's own chain: environment, SSO, web identity."),
  access: z
    .array(cidr)
    .min(1)
    .readonly()
    .describe('From where SSH, the Kubernetes API and the application are reached: your address as 203.0.113.7/32.'),
  network: network.prefault({}).describe('The VPC and what is in it.'),
  image: text(/^(debian-(12|13)|ami-[0-9a-f]{8,17})$/, 'debian-12, debian-13 or an image like ami-0a1b2c3d')
    .default('debian-12')
    .describe('What machines boot. Debian: the newest of the day on which the site was made; then it stays.'),
  elasticIp: z
    .boolean()
    .default(false)
    .describe('An address that outlives a stop of the machine. Costs while it is off.'),
  expires: span
    .optional()
    .describe('After which `./muster reap` may remove it, as 12h or 5d: for sites that nobody is to forget.'),
});

export type Ec2Want = z.infer<typeof ec2>;

export const provider = z.discriminatedUnion('kind', [qemu, container, ec2, existing]).describe('What the hosts are.');

export type ProviderWant = z.infer<typeof provider>;
