import type { Problem } from '../problem.ts';
import type { Inventory } from '../schema.ts';

type Eks = Extract<Inventory['cluster'], { kind: 'eks' }>;

/** An IAM role's name has 64 characters: the site's, the region's and the role's part, and room for a rehearsal. */
const LONGEST_NAME = 30;

export function checkEks(inventory: Inventory): Problem[] {
  const { cluster } = inventory;
  if (cluster.kind !== 'eks') return [];
  return [
    ...checkAccess(cluster),
    ...checkAround(inventory),
    ...(cluster.existing === undefined ? checkOwn(cluster) : checkExisting(inventory, cluster)),
    ...checkGroups(cluster),
    ...checkAdmins(inventory, cluster),
    ...notYet(inventory),
  ];
}

function checkAround({ site, provider, hosts, cluster, addons }: Inventory): Problem[] {
  const problems: Problem[] = [];
  if (provider.kind !== 'ec2')
    problems.push({ path: ['provider', 'kind'], got: provider.kind, expected: 'ec2: EKS has its network from it' });
  else if (provider.network.subnets?.length === 1 && !('existing' in cluster))
    problems.push({
      path: ['provider', 'network', 'subnets'],
      got: 'one subnet',
      expected: 'subnets in two zones: a control plane of EKS stands in both',
    });
  if (hosts.length > 0)
    problems.push({ path: ['hosts'], got: 'a list', expected: 'an empty list: the nodes of EKS are in cluster.nodes' });
  if (site.name.length > LONGEST_NAME)
    problems.push({
      path: ['site', 'name'],
      got: site.name,
      expected: `at most ${LONGEST_NAME} characters: the names of IAM roles are made of it`,
    });
  if (!addons.coredns)
    problems.push({ path: ['addons', 'coredns'], got: 'false', expected: 'true: no EKS cluster works without names' });
  if (addons['local-path'])
    problems.push({
      path: ['addons', 'local-path'],
      got: 'true',
      expected: 'false: volumes of EKS are EBS, class gp3',
    });
  return problems;
}

/** What muster builds a cluster of. */
const PARTS = {
  admins: 'at least one principal who may do everything',
  nodes: 'at least one node group, as {name: general, instance: m6i.large, min: 2, max: 3, desired: 2}',
} as const;

const missing = (cluster: Eks) => (['admins', 'nodes'] as const).filter(key => cluster[key].length === 0);

const checkOwn = (cluster: Eks): Problem[] => [
  ...missing(cluster).map(key => ({ path: ['cluster', key], got: 'nothing', expected: PARTS[key] })),
  ...(cluster.classes === undefined
    ? []
    : [{ path: ['cluster', 'classes'], got: 'a list', expected: 'none without existing: volumes are gp3' }]),
];

/** In a cluster of another hand nothing is built, but beside it for a rehearsal. */
function checkExisting({ provider, backup }: Inventory, cluster: Eks): Problem[] {
  const problems: Problem[] = [];
  if (provider.kind === 'ec2' && provider.network.vpc === undefined)
    problems.push({
      path: ['provider', 'network', 'vpc'],
      got: 'nothing',
      expected: `the VPC of the cluster ${cluster.existing}: muster makes none beside it`,
    });
  const drill = backup?.schedule?.drill;
  if (drill === undefined) return problems;
  const rehearsal = missing(cluster).map(key => ({
    path: ['cluster', key],
    got: `nothing, with schedule.drill: ${drill}`,
    expected: `${PARTS[key]}: a rehearsal builds a cluster of its own`,
  }));
  return [...problems, ...rehearsal];
}

function checkAccess({ access = [] }: Eks): Problem[] {
  const open = access.indexOf('0.0.0.0/0');
  if (open < 0) return [];
  const expected = 'your address: the Kubernetes API is not for the world';
  return [{ path: ['cluster', 'access', open], got: '0.0.0.0/0', expected }];
}

function checkGroups({ nodes }: Eks): Problem[] {
  return nodes.flatMap(({ name, min, max, desired, instance, arch }, index) => {
    const path = ['cluster', 'nodes', index];
    const first = nodes.findIndex(other => other.name === name);
    const problems: Problem[] = [];
    if (first !== index)
      problems.push({
        path: [...path, 'name'],
        got: `${name} again`,
        expected: `a name of its own: cluster.nodes[${first}] has it`,
      });
    if (min > max)
      problems.push({ path: [...path, 'min'], got: String(min), expected: `at most max, which is ${max}` });
    else if (desired < min || desired > max)
      problems.push({ path: [...path, 'desired'], got: String(desired), expected: `from min ${min} to max ${max}` });
    if (arch !== undefined && arch !== archOf(instance))
      problems.push({
        path: [...path, 'arch'],
        got: arch,
        expected: `${archOf(instance)}: that is what ${instance} has`,
      });
    return problems;
  });
}

/** Graviton: a g after the generation, as in m7g, c7gn, t4g; and the first of them, a1. */
export const archOf = (instance: string): 'amd64' | 'arm64' =>
  /^([a-z]+[0-9]+[a-z-]*g[a-z]*|a1)\./.test(instance) ? 'arm64' : 'amd64';

function checkAdmins({ provider }: Inventory, { admins }: Eks): Problem[] {
  return admins.flatMap((arn, index) => {
    const path = ['cluster', 'admins', index];
    const [, , , , account = ''] = arn.split(':');
    if (admins.indexOf(arn) < index) return [{ path, got: `${arn} again`, expected: 'every principal once' }];
    if (provider.kind !== 'ec2' || account === provider.account) return [];
    return [{ path, got: `a principal of account ${account}`, expected: `one of account ${provider.account}` }];
  });
}

/** What leans on hosts that muster can reach: images that are built here and files that are copied over SSH. */
function notYet({ app, backup, artifacts }: Inventory): Problem[] {
  const problems: Problem[] = [];
  if (app)
    problems.push({
      path: ['app'],
      got: 'app',
      expected:
        'none with EKS: its images are built on this computer and imported on hosts, and EKS has none of ours (docs/eks.md)',
      at: 'key',
    });
  if (!backup) return problems;
  backup.sources.forEach((source, index) => {
    if (source === 'control-plane')
      problems.push({
        path: ['backup', 'sources', index],
        got: source,
        expected: 'velero: the datastore of EKS is kept by AWS, and comes back with a new cluster (docs/eks.md)',
      });
  });
  if (!artifacts.sources.includes('release'))
    problems.push({
      path: ['artifacts', 'sources'],
      got: artifacts.sources.join(', '),
      expected: "release among them: nodes of EKS pull Velero's images from upstream",
    });
  return problems;
}
