import type { TerraformCluster, TerraformFacts, TerraformNodes, TerraformSubnet } from '../../aws/terraform.ts';

/** The subnets that an inventory names: machines go into the first, and are reached there; EKS takes those of its cluster. */
export function subnetsFor(kind: 'k3s' | 'eks', { subnets, clusters }: TerraformFacts): TerraformSubnet[] {
  if (kind === 'k3s') return preferred(subnets, subnet => subnet.public);
  const used = clusters.flatMap(cluster => cluster.subnets);
  if (used.length > 0) return preferred(subnets, ({ id }) => used.includes(id));
  return preferred(subnets, subnet => subnet.tagged);
}

const preferred = (subnets: readonly TerraformSubnet[], test: (subnet: TerraformSubnet) => boolean) =>
  subnets.some(test) ? subnets.filter(test) : [...subnets];

/** Of a rehearsal, whose cluster is of the same nodes. Names are labels; a disk has at least what an image takes. */
export const nodesFor = ({ nodes }: TerraformCluster) => {
  const names = labels(nodes);
  return nodes.map(({ instance, min, max, desired, disk }, n) => ({
    ...{ name: names[n] ?? '', instance, min, max, desired },
    ...(disk !== undefined && { disk: `${Math.max(20, disk)}GiB` }),
  }));
};

/** 'Default_Group-2024' is default-group-2024; what would be the same gets a number. */
function labels(nodes: readonly TerraformNodes[]): string[] {
  const plain = nodes.map(({ name }) =>
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]+/g, '-')
      .slice(0, 60)
      .replaceAll(/^-+|-+$/g, ''),
  );
  return plain.map((name, n) => (plain.indexOf(name) === n && name !== '' ? name : `${name || 'nodes'}-${n}`));
}

/** As the inventory's schema takes them: an assumed role is none. */
export const adminsFor = ({ admins }: TerraformCluster): string[] =>
  admins.filter(arn => /^arn:aws[a-z-]*:iam::[0-9]{12}:(user|role)\//.test(arn));
