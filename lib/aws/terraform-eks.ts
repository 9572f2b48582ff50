import { z } from 'zod';
import type { State } from './terraform-state.ts';

/** An EKS cluster as a state knows it. */
export interface TerraformCluster {
  name: string;
  /** Kubernetes' minor. */
  version: string;
  vpc: string;
  /** Of its control plane and its nodes. */
  subnets: string[];
  nodes: TerraformNodes[];
  /** ARNs of those that it lets do everything. */
  admins: string[];
}

export interface TerraformNodes {
  name: string;
  instance: string;
  min: number;
  max: number;
  desired: number;
  /** GiB; undefined: the image's own. */
  disk?: number;
}

const clusterShape = z.object({
  name: z.string(),
  version: z.string(),
  vpc_config: z.array(z.object({ vpc_id: z.string(), subnet_ids: z.array(z.string()).nullish() })).min(1),
});

const groupShape = z.object({
  cluster_name: z.string(),
  node_group_name: z.string(),
  instance_types: z.array(z.string()).nullish(),
  disk_size: z.number().nullish(),
  subnet_ids: z.array(z.string()).nullish(),
  scaling_config: z.array(z.object({ min_size: z.number(), max_size: z.number(), desired_size: z.number() })).min(1),
  launch_template: z.array(z.object({ id: z.string().nullish(), name: z.string().nullish() })).nullish(),
});

const templateShape = z.object({
  id: z.string(),
  instance_type: z.string().nullish(),
  block_device_mappings: z
    .array(z.object({ ebs: z.array(z.object({ volume_size: z.number().nullish() })).nullish() }))
    .nullish(),
});

const policyShape = z.object({
  cluster_name: z.string(),
  principal_arn: z.string(),
  policy_arn: z.string(),
  access_scope: z.array(z.object({ type: z.string() })).nullish(),
});

/** Attributes as the provider hashicorp/aws and the modules terraform-aws-modules/eks write them. Errors: TERRAFORM_STATE. */
export function clustersIn(state: State): TerraformCluster[] {
  const groups = state.all(['aws_eks_node_group'], groupShape);
  const templates = new Map(state.all(['aws_launch_template'], templateShape).map(one => [one.id, one]));
  const admins = state.all(['aws_eks_access_policy_association'], policyShape).filter(isAdmin);
  const clusters = state
    .all(['aws_eks_cluster'], clusterShape)
    .map(({ name, version, vpc_config }): TerraformCluster => {
      const of = groups.filter(({ cluster_name }) => cluster_name === name);
      const subnets = [vpc_config, of].flat().flatMap(({ subnet_ids }) => subnet_ids ?? []);
      return {
        ...{ name, version, vpc: vpc_config[0]?.vpc_id ?? '', subnets: [...new Set(subnets)].sort() },
        nodes: of.flatMap(group => nodesOf(group, templates.get(group.launch_template?.[0]?.id ?? ''))),
        admins: [...new Set(admins.flatMap(one => (one.cluster_name === name ? one.principal_arn : [])))].sort(),
      };
    });
  return [...new Map(clusters.map(cluster => [cluster.name, cluster])).values()];
}

/** The policy that muster itself gives (lib/cluster/eks/access.ts). */
const isAdmin = ({ policy_arn, access_scope }: z.infer<typeof policyShape>) =>
  policy_arn.endsWith('/AmazonEKSClusterAdminPolicy') && access_scope?.[0]?.type === 'cluster';

/** Modules put size and type of the disk into a launch template, and may put the machine's type there. */
function nodesOf(group: z.infer<typeof groupShape>, template?: z.infer<typeof templateShape>): TerraformNodes[] {
  const instance = group.instance_types?.[0] ?? template?.instance_type;
  const [scaling] = group.scaling_config;
  if (!instance || !scaling) return [];
  const inTemplate = template?.block_device_mappings?.flatMap(({ ebs }) => ebs?.[0]?.volume_size ?? [])[0];
  // A group with a template has size 0 of its own.
  const disk = inTemplate ?? group.disk_size;
  const { min_size: min, max_size: max, desired_size: desired } = scaling;
  return [{ name: group.node_group_name, instance, min, max, desired, ...(disk && { disk }) }];
}
