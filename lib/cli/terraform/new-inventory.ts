import { basename } from 'node:path';
import type { TerraformCluster, TerraformFacts } from '../../aws/terraform.ts';
import { adminsFor, nodesFor, subnetsFor } from './sections.ts';

interface NewInventory {
  site: string;
  /** The state. */
  file: string;
  /** At most one cluster: then the site works in it. Else it is one machine with k3s. */
  facts: TerraformFacts;
  /** The newest release of the lock. */
  k3s: string | undefined;
}

/** Pure. A whole inventory as inventories/production.yaml and staging.yaml are; what is a person's is marked YOURS. */
export function newInventory({ site, file, facts, k3s = '' }: NewInventory): string {
  const [cluster] = facts.clusters;
  return [
    head(site, file, cluster),
    provider(facts, cluster),
    cluster ? inCluster(facts, cluster) : onMachine(k3s),
    backup(site, facts, cluster),
    `budget:
  month: 150                # EUR; a plan that costs more is refused
  drill: 5                  # the second site of one rehearsal
`,
  ].join('\n');
}

const head = (
  site: string,
  file: string,
  cluster: TerraformCluster | undefined,
) => `# yaml-language-server: $schema=schema.json
# Of ${basename(file)}, by \`./muster import-terraform\`: ${cluster ? `the EKS cluster ${cluster.name} and its network` : 'a network'}.
# muster works there, and changes and removes nothing of it. \`./muster plan --site ${site}\` says what would be made, also
# before you have an account.
# Put what is your own where it says YOURS.
site:
  name: ${site}
environment: ${cluster ? 'production' : 'staging   '}     # YOURS: dev, test, staging or production

artifacts:
  # release: ${cluster ? 'the images of Velero, which the nodes pull' : 'k3s'}. \`make lock SITE=${site}\` looks the digests up, once.
  # bundle: ${cluster ? 'kopia' : "Velero's image and kopia"}, which muster builds. \`make bundle SITE=${site}\`, on a computer that you trust, prints the digest
  # to write here.
  sources: [release, bundle]
  bundle: ../dist/bundle-${site}
  # bundleDigest: sha256:...  # YOURS
`;

function provider(facts: TerraformFacts, cluster: TerraformCluster | undefined): string {
  const { account, region, vpc } = facts;
  const subnets = subnetsFor(cluster ? 'eks' : 'k3s', facts);
  const used = cluster
    ? 'from where the cluster of a rehearsal is reached'
    : 'from where SSH, the API and the application are reached';
  return `provider:
  kind: ec2
  account: "${account}"   # credentials of any other account are refused
  region: ${region}
  # profile: company        # of ~/.aws/config; without it AWS's own chain is asked: environment, SSO, web identity
  access: [203.0.113.7/32]  # YOURS: nobody has this address; ${used}
  network:
    vpc: ${vpc.id}${cluster ? '' : `   # ${vpc.cidr}`}
    subnets:${cluster ? '' : '                # the machine is in the first'}
${subnets.map(({ id, zone, cidr, public: open }) => `      - ${id}   # ${cidr} in ${zone}, ${open ? 'public' : 'private'}`).join('\n')}
`;
}

/** Without node groups in the state nobody knows of what a rehearsal would build. */
function inCluster({ account }: TerraformFacts, cluster: TerraformCluster): string {
  const { name, version } = cluster;
  const admins = adminsFor(cluster);
  const known = admins.length > 0 ? admins : [`arn:aws:iam::${account}:role/platform`];
  const mark = 'YOURS: who runs muster is among them';
  const nodes = nodesFor(cluster).map(
    ({ disk, ...group }) =>
      `    - { name: ${group.name}, instance: ${group.instance}, min: ${group.min}, max: ${group.max}, desired: ${group.desired}${disk ? `, disk: ${disk}` : ''} }\n`,
  );
  return `hosts: []

cluster:
  kind: eks
  existing: ${name}
  version: "${version}"           # what it runs: muster upgrades no cluster of another hand
  # Of a rehearsal, which builds a cluster of its own, in a network of its own, for an hour:
  admins: [${known.map(arn => `"${arn}"`).join(', ')}]   # ${mark}
  # classes: [ebs-sc]      # YOURS, before drills: classes of volumes of your claims, but gp2 and gp3
  nodes:${nodes.length > 0 ? `                    # those of ${name}; fewer and smaller ones may do\n${nodes.join('')}` : ' []                 # YOURS, before drills: {name: general, instance: m6i.large, min: 2, max: 2, desired: 2}\n'}
addons:                     # of a rehearsal's cluster; in yours muster installs Velero alone
  coredns: true
  local-path: false
  metrics-server: true
`;
}

const onMachine = (k3s: string) => `hosts:
  - name: server-1
    role: server
    instance: t3.large      # 2 CPUs, 8 GiB
    disk: 30GiB             # gp3, encrypted

cluster:
  kind: k3s
  version: ${k3s}

addons:                     # a released k3s brings these; muster sees them and leaves them alone
  coredns: true
  local-path: true
  metrics-server: true
`;

const AGE = [
  'age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq',
  'age17gqlx4ep0ggw2mhdj553jkaz02qauevvuap3cev0whnaede7jcuqcfarlc',
];

function backup(site: string, { region }: TerraformFacts, cluster: TerraformCluster | undefined): string {
  const keys = (role: string, indent: string) =>
    ['accessKey:', 'secretKey:']
      .map(key => `${indent}${key} file:~/.config/muster/${site}-${role}.${key === 'accessKey:' ? 'id' : 'secret'}\n`)
      .join('');
  const drills =
    cluster?.nodes.length === 0
      ? '    # drill: weekly         # with cluster.nodes'
      : '    drill: weekly           # site-rebuild as a rehearsal: a second site beside, fenced, for an hour';
  return `backup:
  store:
    kind: s3
    endpoint: https://s3.${region}.amazonaws.com
    region: ${region}
    bucket: company-muster-${site}   # YOURS: names are unique in all of AWS
    # YOURS: three users of AWS, with the policies that \`./muster aws-policy site\`, \`reader\` and \`admin\` print; 0600.
${keys('store', '    ')}    reader:                 # reads only: audits, restores, rehearsals
${keys('reader', '      ')}    admin:                  # makes and hardens the bucket; on no machine of the site, whose keys erase no history
${keys('admin', '      ')}    # lock: 14              # object lock in days: as long as a set is kept; the bucket must be new
  sources: [velero${cluster ? '' : ', control-plane'}]
  namespaces: [default]     # YOURS
  schedule:
    backup: daily
${drills}
  keep: 14
  escrow:                   # without its secrets no backup opens
    recipients:             # YOURS, by age-keygen: whose private half lies offline, and the computer's that drills
      - ${AGE[0]}
      - ${AGE[1]}
    identity: ~/.config/muster/${site}-drills.txt   # the second's private half, on the computer that drills; others need not have it
    places: [~/muster-escrow/${site}, /media/muster-escrow/${site}]   # YOURS: apart from each other
  rpo:
    postgres: 5m
    velero: 24h
    control-plane: 24h
  rto: 60m

drills:
  proof: 30d                # after it \`make status SITE=${site}\` is red until the next rehearsal
`;
}
