import { z } from 'zod';
import { clustersIn, type TerraformCluster } from './terraform-eks.ts';
import { readState, type State } from './terraform-state.ts';

export type { TerraformCluster, TerraformNodes } from './terraform-eks.ts';

/** What of AWS a Terraform state knows and an inventory can name. Nothing else is read. */
export interface TerraformFacts {
  account: string;
  region: string;
  vpc: { id: string; cidr: string };
  /** Public ones first, then by zone. */
  subnets: TerraformSubnet[];
  /** Of this VPC, or the one that was named. */
  clusters: TerraformCluster[];
}

export interface TerraformSubnet {
  id: string;
  zone: string;
  cidr: string;
  /** Gives machines public addresses, or has a way to an internet gateway. */
  public: boolean;
  /** Kubernetes is told to use it, by its tags. */
  tagged: boolean;
}

export interface TerraformWant {
  /** Its id; needed when the state has several. */
  vpc?: string | undefined;
  /** A cluster of EKS, by its name: its VPC is the one. */
  cluster?: string | undefined;
}

const vpcShape = z.object({ id: z.string(), arn: z.string(), cidr_block: z.string() });
const subnetShape = z.object({
  id: z.string(),
  vpc_id: z.string(),
  availability_zone: z.string(),
  cidr_block: z.string(),
  map_public_ip_on_launch: z.boolean().nullish(),
  tags: z.record(z.string(), z.string()).nullish(),
});

/** Reads a state file and says what there is around one VPC. Errors: TERRAFORM_STATE. */
export async function readTerraform(path: string, want: TerraformWant = {}): Promise<TerraformFacts> {
  const state = await readState(path);
  const clusters = clustersIn(state);
  const named = clusters.filter(({ name }) => name === want.cluster);
  if (want.cluster !== undefined && named.length === 0)
    throw state.fail(`it has no EKS cluster ${want.cluster}`, `it has: ${list(clusters.map(({ name }) => name))}`);
  const vpc = oneVpc(state, want.vpc ?? named[0]?.vpc);
  // arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-0a1b
  const [, , , region = '', account = ''] = vpc.arn.split(':');
  const inVpc = (want.cluster === undefined ? clusters : named).filter(cluster => cluster.vpc === vpc.id);
  if (want.cluster !== undefined && inVpc.length === 0)
    throw state.fail(`its EKS cluster ${want.cluster} is in ${named[0]?.vpc}, and not in ${vpc.id}`);
  const subnets = subnetsOf(state, vpc.id);
  if (subnets.length === 0)
    throw state.fail(`it has no subnet of ${vpc.id}`, 'the state that makes them, or one with data sources of them');
  return {
    account,
    region,
    vpc: { id: vpc.id, cidr: vpc.cidr_block },
    subnets,
    clusters: inVpc,
  };
}

function oneVpc(state: State, id: string | undefined): z.infer<typeof vpcShape> {
  const vpcs = [...new Map(state.all(['aws_vpc', 'aws_default_vpc'], vpcShape).map(vpc => [vpc.id, vpc])).values()];
  const chosen = id === undefined ? vpcs : vpcs.filter(vpc => vpc.id === id);
  const [one] = chosen;
  const there = list(vpcs.map(vpc => vpc.id));
  if (!one) throw state.fail(`it has no VPC${id ? ` ${id}` : ''}`, `it has: ${there}`);
  if (chosen.length > 1) throw state.fail(`it has ${chosen.length} VPCs`, `name one of them: ${there}`);
  return one;
}

const list = (names: readonly string[]) => names.join(', ') || 'none';

function subnetsOf(state: State, vpc: string): TerraformSubnet[] {
  const open = withGateway(state);
  const found = state
    .all(['aws_subnet', 'aws_default_subnet'], subnetShape)
    .filter(subnet => subnet.vpc_id === vpc)
    .map(({ id, availability_zone: zone, cidr_block: cidr, map_public_ip_on_launch, tags }) => ({
      ...{ id, zone, cidr, public: map_public_ip_on_launch === true || open.has(id) },
      tagged: Object.keys(tags ?? {}).some(key => /^kubernetes\.io\/(role|cluster)\//.test(key)),
    }));
  const each = [...new Map(found.map(subnet => [subnet.id, subnet])).values()];
  return each.sort((a, b) => Number(b.public) - Number(a.public) || compare(a.zone, b.zone) || compare(a.id, b.id));
}

const compare = (a: string, b: string) => a.localeCompare(b, 'en');

const associationShape = z.object({ subnet_id: z.string().nullish(), route_table_id: z.string() });
const routeShape = z.object({ route_table_id: z.string(), gateway_id: z.string().nullish() });
const tableShape = z.object({
  id: z.string(),
  route: z.array(z.object({ gateway_id: z.string().nullish() })).nullish(),
});

/** Subnets whose route table leads to an internet gateway: modules leave it to machines to ask for a public address. */
function withGateway(state: State): Set<string> {
  const isGateway = ({ gateway_id }: { gateway_id?: string | null | undefined }) => gateway_id?.startsWith('igw-');
  const tables = new Set([
    ...state.all(['aws_route'], routeShape).flatMap(route => (isGateway(route) ? route.route_table_id : [])),
    ...state.all(['aws_route_table'], tableShape).flatMap(({ id, route }) => (route?.some(isGateway) ? id : [])),
  ]);
  const all = state.all(['aws_route_table_association'], associationShape);
  return new Set(all.flatMap(({ subnet_id, route_table_id }) => (tables.has(route_table_id) ? (subnet_id ?? []) : [])));
}
