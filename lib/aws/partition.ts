/** AWS is several clouds that know nothing of each other: an ARN that names another one's names nothing. */
interface Partition {
  /** The second word of its ARNs. */
  name: string;
  /** How the regions of it begin. */
  regions: string;
  /** What the names of its endpoints end in. */
  suffix: string;
}

/** The SDK's own list (partitions.json of its endpoint rules), which a test holds against this one; the first is the default. */
const PARTITIONS: readonly [Partition, ...Partition[]] = [
  { name: 'aws', regions: '', suffix: 'amazonaws.com' },
  { name: 'aws-cn', regions: 'cn-', suffix: 'amazonaws.com.cn' },
  { name: 'aws-us-gov', regions: 'us-gov-', suffix: 'amazonaws.com' },
  { name: 'aws-eusc', regions: 'eusc-', suffix: 'amazonaws.eu' },
  { name: 'aws-iso', regions: 'us-iso-', suffix: 'c2s.ic.gov' },
  { name: 'aws-iso-b', regions: 'us-isob-', suffix: 'sc2s.sgov.gov' },
  { name: 'aws-iso-e', regions: 'eu-isoe-', suffix: 'cloud.adc-e.uk' },
  { name: 'aws-iso-f', regions: 'us-isof-', suffix: 'csp.hci.ic.gov' },
];

const of = (region: string): Partition =>
  PARTITIONS.findLast(({ regions }) => region.startsWith(regions)) ?? PARTITIONS[0];

/** 'cn-north-1' is in 'aws-cn'. */
export const partition = (region: string): string => of(region).name;

/** 'eu-central-1' is below 'amazonaws.com'. */
export const dnsSuffix = (region: string): string => of(region).suffix;

/** That of what an ARN names: 'arn:aws-cn:iam::1:role/x' is in 'aws-cn'. */
export const partitionOf = (arn: string): string => arn.split(':')[1] || PARTITIONS[0].name;

/** A name below one of AWS's own. */
export const isEndpoint = (hostname: string): boolean =>
  PARTITIONS.some(({ suffix }) => hostname.endsWith(`.${suffix}`));

/**
 * As trust and PassRole name EC2. Principals of services end in amazonaws.com everywhere, but EKS in China takes no role for
 * nodes that trusts this one by that name: https://github.com/awslabs/cdk-eks-blueprints/issues/558
 */
export const ec2Principal = (region: string): string =>
  `ec2.${region.startsWith('cn-') ? dnsSuffix(region) : 'amazonaws.com'}`;
