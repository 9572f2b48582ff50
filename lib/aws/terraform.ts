import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { OpsError, oneLine } from '../errors/index.ts';

/** What of AWS a Terraform state knows and an inventory can name. Nothing else is read: states hold secrets. */
export interface TerraformFacts {
  account: string;
  region: string;
  vpc: { id: string; cidr: string };
  /** Public ones first, then by zone. */
  subnets: { id: string; zone: string; cidr: string; public: boolean }[];
  /** Of this VPC. */
  clusters: { name: string; version: string }[];
}

/** https://developer.hashicorp.com/terraform/internals/json-format does not promise the state file: version 4 is what is read. */
const state = z.object({
  version: z.literal(4),
  resources: z.array(
    z.object({
      mode: z.string(),
      type: z.string(),
      instances: z.array(z.object({ attributes: z.record(z.string(), z.unknown()).nullish() })),
    }),
  ),
});

const vpcShape = z.object({ id: z.string(), arn: z.string(), cidr_block: z.string() });
const subnetShape = z.object({
  id: z.string(),
  vpc_id: z.string(),
  availability_zone: z.string(),
  cidr_block: z.string(),
  map_public_ip_on_launch: z.boolean().nullish(),
});
const clusterShape = z.object({
  name: z.string(),
  version: z.string(),
  vpc_config: z.array(z.object({ vpc_id: z.string() })).min(1),
});

/**
 * Reads a state file and says what there is around one VPC.
 * @param vpc its id; needed when the state has several.
 * Errors: TERRAFORM_STATE.
 */
export async function readTerraform(path: string, vpc?: string): Promise<TerraformFacts> {
  const fail = (why: string, hint?: string, cause?: unknown) =>
    new OpsError('TERRAFORM_STATE', `cannot take over ${path}: ${why}`, { ...(hint && { hint }), cause });
  const parsed = state.safeParse(await readJson(path, fail));
  if (!parsed.success)
    throw fail('it is not a Terraform state of version 4', 'terraform state pull > FILE writes one', parsed.error);

  // A state of data sources names what somebody else manages; it is there all the same.
  const all = <T>(type: string, shape: z.ZodType<T>): T[] =>
    parsed.data.resources
      .filter(resource => resource.type === type)
      .flatMap(({ instances }) => instances)
      .map(({ attributes }) => {
        const read = shape.safeParse(attributes);
        if (!read.success) throw fail(`one ${type} in it lacks ${read.error.issues[0]?.path.join('.')}`);
        return read.data;
      });

  const vpcs = all('aws_vpc', vpcShape);
  const chosen = vpc === undefined ? vpcs : vpcs.filter(({ id }) => id === vpc);
  const [one] = chosen;
  if (!one) throw fail(`it has no VPC${vpc ? ` ${vpc}` : ''}`, `it has: ${list(vpcs)}`);
  if (chosen.length > 1) throw fail(`it has ${chosen.length} VPCs`, `name one of them: ${list(vpcs)}`);
  // arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-0a1b
  const [, , , region = '', account = ''] = one.arn.split(':');
  const subnets = all('aws_subnet', subnetShape)
    .filter(({ vpc_id }) => vpc_id === one.id)
    .map(({ id, availability_zone: zone, cidr_block: cidr, map_public_ip_on_launch }) => ({
      id,
      zone,
      cidr,
      public: map_public_ip_on_launch ?? false,
    }));
  return {
    account,
    region,
    vpc: { id: one.id, cidr: one.cidr_block },
    subnets: subnets.sort((a, b) => Number(b.public) - Number(a.public) || a.zone.localeCompare(b.zone, 'en')),
    clusters: all('aws_eks_cluster', clusterShape)
      .filter(({ vpc_config }) => vpc_config.some(({ vpc_id }) => vpc_id === one.id))
      .map(({ name, version }) => ({ name, version })),
  };
}

const list = (vpcs: readonly { id: string }[]) => vpcs.map(({ id }) => id).join(', ') || 'none';

async function readJson(
  path: string,
  fail: (why: string, hint?: string, cause?: unknown) => OpsError,
): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw fail(oneLine(cause), undefined, cause);
  }
}
