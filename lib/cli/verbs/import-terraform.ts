import { stringify } from 'yaml';
import { readTerraform, type TerraformFacts } from '../../aws/terraform.ts';
import { OpsError } from '../../errors/index.ts';
import { json } from '../output.ts';
import type { Act } from '../verb.ts';

/** What Terraform made already, as the sections of an inventory that name it. Reads the state, and nothing of AWS. */
export const importTerraform: Act = async ({ args, flags, out }) => {
  const [file, vpc, ...rest] = args;
  if (file === undefined || rest.length > 0)
    throw new OpsError(
      'USAGE',
      `cannot take over ${args.length === 0 ? 'nothing' : `'${args.join(' ')}'`}: it is one state file, and one VPC of it`,
      {
        hint: './muster import-terraform FILE [VPC]',
      },
    );
  const facts = await readTerraform(file, vpc);
  out.data(flags.json ? json(facts) : inventoryOf(file, facts));
};

/** Public subnets first: machines go there. */
function inventoryOf(file: string, { account, region, vpc, subnets, clusters }: TerraformFacts): string {
  const kept = subnets.some(subnet => subnet.public) ? subnets.filter(subnet => subnet.public) : subnets;
  const provider = {
    kind: 'ec2',
    account,
    region,
    access: ['203.0.113.7/32'],
    network: { vpc: vpc.id, subnets: kept.map(({ id }) => id) },
  };
  return [
    `# From ${file}. muster uses this network, and changes and removes nothing of it. Put your own address under access.`,
    ...kept.map(
      ({ id, zone, cidr, public: isPublic }) => `# ${id}: ${cidr} in ${zone}, ${isPublic ? 'public' : 'private'}`,
    ),
    stringify({ provider }).trimEnd(),
    ...clusters.map(
      ({ name, version }) =>
        `# The EKS cluster ${name} (${version}) is Terraform's: muster builds its own beside it, and takes none over. Give the site another name.`,
    ),
  ].join('\n');
}
