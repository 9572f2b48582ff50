import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { tellNobodys } from '../../lib/cli/nobodys-address.ts';
import { importTerraform } from '../../lib/cli/verbs/import-terraform.ts';
import { isOpsError } from '../../lib/errors/index.ts';
import { openSite } from '../../lib/site/index.ts';

const ROOT = join(import.meta.dirname, '../..');
const CASES = join(ROOT, 'tests/cases/terraform');
const MODULES = join(CASES, 'modules.tfstate.json');
const LOOKED_UP = join(CASES, 'looked-up.tfstate.json');

const test = suite<{ project: string }>('what Terraform made, in an inventory');
test.before.each(context => {
  context.project = mkdtempSync(join(tmpdir(), 'muster-import-'));
  symlinkSync(join(ROOT, 'artifacts'), join(context.project, 'artifacts'));
  symlinkSync(join(ROOT, 'scripts'), join(context.project, 'scripts'));
  mkdirSync(join(context.project, 'inventories'));
});
test.after.each(({ project }) => rmSync(project, { recursive: true }));

interface Said {
  data: string;
  error?: { code: string; message: string; details: readonly string[]; hint: string };
}

/** The verb as a person types it, without one who could answer. */
async function run(project: string, args: string[], flags: Record<string, string | boolean> = {}): Promise<Said> {
  const lines: string[] = [];
  const say = (text: string) => void lines.push(text);
  const out = { data: say, status: say, terminal: () => false, interactive: () => false } as never;
  const call = {
    ...{ verb: 'import-terraform', args, flags, out, project, env: {}, where: {} },
    ...{ site: String(flags.site ?? 'lab'), yes: flags.yes === true },
    ...{ signal: new AbortController().signal, mask: (text: string) => text },
  };
  try {
    await importTerraform(call);
    return { data: lines.join('\n') };
  } catch (error) {
    if (!isOpsError(error)) throw error;
    const { code, message, details, hint = '' } = error;
    return { data: lines.join('\n'), error: { code, message, details, hint } };
  }
}

const inventory = (project: string, site: string) => join(project, 'inventories', `${site}.yaml`);
const read = (project: string, site: string) => readFileSync(inventory(project, site), 'utf8');

test('without a site it is printed, and nothing secret of the state', async ({ project }) => {
  const { data } = await run(project, [MODULES]);
  assert.match(data, 'existing: acme');
  assert.match(data, 'vpc: vpc-0f1e2d3c4b5a69788');
  const json = (await run(project, [MODULES], { json: true })).data;
  assert.is(JSON.parse(json).clusters[0].name, 'acme');
  assert.not.match(data + json, 'canary-secret');
  assert.equal(readdirSync(join(project, 'inventories')), []);
});

/** The same without its cluster. */
function withoutCluster(project: string): string {
  const state = JSON.parse(readFileSync(MODULES, 'utf8'));
  const resources = state.resources.filter(({ type }: { type: string }) => !type.startsWith('aws_eks'));
  const path = join(project, 'network.tfstate');
  writeFileSync(path, JSON.stringify({ ...state, resources }));
  return path;
}

for (const [what, site, args, kind, subnets] of [
  [
    'a cluster with its nodes',
    'acme',
    () => [MODULES],
    'eks',
    ['subnet-0aa0000000000000a', 'subnet-0aa0000000000000b'],
  ],
  ['one of two that were looked up', 'twin', () => [LOOKED_UP, 'acme-two'], 'eks', undefined],
  [
    'a network alone, for a machine in its first public subnet',
    'machine',
    (project: string) => [withoutCluster(project)],
    'k3s',
    ['subnet-0bb0000000000000a', 'subnet-0bb0000000000000b'],
  ],
] as const)
  test(`a whole inventory is written, which a plan takes without an account: ${what}`, async ({ project }) => {
    const words = args(project);
    const dry = await run(project, [...words], { site, 'dry-run': true });
    assert.equal(readdirSync(join(project, 'inventories')), []);
    const { data, error } = await run(project, [...words], { site });
    assert.is(error, undefined);
    assert.is(read(project, site).trimEnd(), dry.data);
    assert.match(data, new RegExp(`yours +inventories/${site}.yaml:[0-9]+ `));
    assert.match(data, `./muster plan --site ${site}`);
    assert.not.match(read(project, site), 'canary-secret');
    assert.is(
      Math.max(
        ...read(project, site)
          .split('\n')
          .map(({ length }) => length),
      ) <= 140,
      true,
    );
    const open = await openSite({
      ...{ project, name: site, signal: new AbortController().signal, emit: () => {}, cache: join(project, 'cache') },
    });
    const { provider, cluster } = open.site;
    assert.is(cluster.kind, kind);
    const told: string[] = [];
    tellNobodys(open.site, { status: text => void told.push(text) });
    assert.match(told.join(), 'nobody has 203.0.113.7/32');
    if (subnets) assert.equal(provider.kind === 'ec2' && provider.network.subnets, subnets);
    await open.close();
  });

test('node groups of the state are those of a rehearsal, by names and sizes that an inventory takes', async ({
  project,
}) => {
  await run(project, [MODULES], { site: 'acme' });
  const text = read(project, 'acme');
  assert.match(text, '- { name: default-20250101, instance: m6i.large, min: 2, max: 6, desired: 3, disk: 60GiB }');
  assert.match(text, '- { name: batch-jobs, instance: c7g.xlarge, min: 0, max: 4, desired: 0, disk: 20GiB }');
  assert.match(text, 'admins: ["arn:aws:iam::111122223333:role/ops/platform"]');
  assert.match(text, '    drill: weekly');
  await run(project, [LOOKED_UP, 'acme'], { site: 'twin' });
  assert.match(read(project, 'twin'), '    # drill: weekly');
});

test('several clusters, and a name that no site has, write nothing', async ({ project }) => {
  const two = await run(project, [LOOKED_UP], { site: 'acme' });
  assert.equal([two.error?.code, two.error?.hint], ['TERRAFORM_STATE', 'name one of them: acme, acme-two']);
  assert.is((await run(project, [MODULES], { site: 'Acme' })).error?.code, 'INVENTORY_INVALID');
  assert.is((await run(project, [MODULES, 'a', 'b'], { site: 'acme' })).error?.code, 'USAGE');
  assert.equal(readdirSync(join(project, 'inventories')), []);
});

/** A copy of the shipped one, under its own name. */
const production = (project: string, change = (text: string) => text) =>
  writeFileSync(inventory(project, 'production'), change(readFileSync(inventory(ROOT, 'production'), 'utf8')));

const inIreland = (text: string) => text.replace('region: eu-central-1\n', 'region: eu-west-1\n');

test('one that is there is filled in place: what changes is shown, and every comment stays', async ({ project }) => {
  production(project, inIreland);
  const before = read(project, 'production');
  const dry = await run(project, [MODULES], { site: 'production', 'dry-run': true, yes: true });
  assert.is(dry.error, undefined);
  assert.equal(
    dry.data.split('\n').map(line => line.replaceAll(/ +/g, ' ')),
    [
      'update provider.account 123456789012 -> 111122223333',
      'create provider.network.vpc vpc-0f1e2d3c4b5a69788',
      'create provider.network.subnets ["subnet-0aa0000000000000a","subnet-0aa0000000000000b"]',
      'create cluster.existing acme',
      'update cluster.version 1.36 -> 1.34',
      'update cluster.admins ["arn:aws:iam::123456789012:role/platform"] -> ["arn:aws:iam::111122223333:role/ops/platform"]',
    ],
  );
  assert.is(read(project, 'production'), before);
  const nobody = await run(project, [MODULES], { site: 'production' });
  assert.match(nobody.error?.hint ?? '', '--site production --yes');
  assert.is(read(project, 'production'), before);
  await run(project, [MODULES], { site: 'production', yes: true });
  const after = read(project, 'production');
  const words = (text: string) => text.split('\n').map(line => line.replace(/# YOURS[,:] /, '# '));
  const changed = words(after).filter(line => !words(before).includes(line));
  assert.equal(changed, [
    '  account: "111122223333"   # in quotes: credentials of any other account are refused',
    '    vpc: vpc-0f1e2d3c4b5a69788',
    '    subnets: [subnet-0aa0000000000000a, subnet-0aa0000000000000b]',
    '  version: "1.34"           # upgraded one minor at a time: control plane, add-ons, node groups',
    '  admins: [arn:aws:iam::111122223333:role/ops/platform]   # who may do everything; the one who runs muster is among them',
    '  existing: acme',
  ]);
  assert.match((await run(project, [MODULES], { site: 'production' })).data, 'says all of it already');
});

test('what a person wrote there and the state says otherwise is told, and nothing is written', async ({ project }) => {
  const conflicts = async (change: (text: string) => string) => {
    production(project, change);
    const { error } = await run(project, [MODULES], { site: 'production', yes: true });
    assert.is(read(project, 'production'), change(readFileSync(inventory(ROOT, 'production'), 'utf8')));
    return [error?.code, ...(error?.details ?? [])];
  };
  assert.equal(await conflicts(text => text.replace(/(account: "123456789012").*/, '$1')), [
    'TERRAFORM_CONFLICT',
    'provider.account: 123456789012 there, 111122223333 in the state',
    'provider.region: eu-central-1 there, eu-west-1 in the state',
  ]);
  assert.equal(await conflicts(text => inIreland(text).replace('cidr: 10.30.0.0/16', 'vpc: vpc-0a1b2c3d')), [
    'TERRAFORM_CONFLICT',
    'provider.network.vpc: vpc-0a1b2c3d there, vpc-0f1e2d3c4b5a69788 in the state',
  ]);
  assert.equal(await conflicts(text => text.replace('kind: ec2 ', 'kind: qemu ')), [
    'TERRAFORM_CONFLICT',
    'provider.kind: qemu there, and a network of AWS wants ec2',
  ]);
  // What it would be has a NAT gateway in a network of another hand.
  const [code, ...problems] = await conflicts(text => inIreland(text).replace('nat: false', 'nat: true'));
  assert.is(code, 'INVENTORY_INVALID');
  assert.match(problems[0] ?? '', 'provider.network.nat: got true');
  mkdirSync(join(project, '.muster/production/journals'), { recursive: true });
  assert.match((await conflicts(inIreland))[1] ?? '', 'muster has built the cluster of this site itself');
});

test('a machine keeps its k3s, and is told of the cluster that is left out', async ({ project }) => {
  const staging = readFileSync(inventory(ROOT, 'staging'), 'utf8');
  writeFileSync(inventory(project, 'staging'), inIreland(staging));
  const { data, error } = await run(project, [MODULES], { site: 'staging', yes: true });
  assert.is(error, undefined);
  assert.match(data, 'the EKS cluster acme is left out: cluster.kind is k3s there');
  assert.match(read(project, 'staging'), 'subnets: [subnet-0bb0000000000000a, subnet-0bb0000000000000b]');
});

test.run();
