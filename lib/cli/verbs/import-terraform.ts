import { readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseDocument, stringify } from 'yaml';
import { writeDurably } from '../../artifact/durable.ts';
import { k3sVersions, readLock } from '../../artifact/index.ts';
import { readTerraform, type TerraformFacts } from '../../aws/terraform.ts';
import { isLabBinary } from '../../cluster/index.ts';
import { OpsError } from '../../errors/index.ts';
import { exists } from '../../host/exists.ts';
import { checkedInventory, editYaml } from '../../inventory/index.ts';
import { siteDirs } from '../../site/index.ts';
import { agreed } from '../agreed.ts';
import { json, table } from '../output.ts';
import { type Fill, fillingOf, shown } from '../terraform/fill.ts';
import { newInventory } from '../terraform/new-inventory.ts';
import { nodesFor, subnetsFor } from '../terraform/sections.ts';
import type { Act, Call } from '../verb.ts';

const USE = './muster import-terraform FILE [VPC] [CLUSTER] [--site NAME]';

/** What Terraform made already, printed, or with --site in an inventory. Reads the state, and nothing of AWS. */
export const importTerraform: Act = async call => {
  const { args, flags, out } = call;
  const [file, ...names] = args;
  const vpcs = names.filter(name => name.startsWith('vpc-'));
  const clusters = names.filter(name => !name.startsWith('vpc-'));
  if (file === undefined || vpcs.length > 1 || clusters.length > 1)
    throw new OpsError(
      'USAGE',
      `cannot take over ${args.length === 0 ? 'nothing' : `'${args.join(' ')}'`}: it is one state file, and one VPC and one EKS cluster of it`,
      { hint: USE },
    );
  const facts = await readTerraform(file, { vpc: vpcs[0], cluster: clusters[0] });
  if (flags.site === undefined) return out.data(flags.json ? json(facts) : sectionsOf(file, facts));
  if (facts.clusters.length > 1)
    throw new OpsError(
      'TERRAFORM_STATE',
      `cannot take over ${file}: ${facts.vpc.id} has ${facts.clusters.length} EKS clusters`,
      { hint: `name one of them: ${facts.clusters.map(({ name }) => name).join(', ')}` },
    );
  const path = join(call.project, 'inventories', `${call.site}.yaml`);
  return (await exists(path)) ? fill(path, facts, call) : create(path, file, facts, call);
};

/** A whole inventory, with what a person has yet to put there marked. */
async function create(path: string, file: string, facts: TerraformFacts, call: Call) {
  const { project, site, flags, out } = call;
  const versions = k3sVersions(await readLock(project));
  const text = newInventory({ site, file, facts, k3s: versions.filter(version => !isLabBinary(version)).at(-1) });
  checkedInventory(text, path, { k3sVersions: versions });
  const near = relative(project, path);
  const yours = yoursOf(text);
  if (!flags['dry-run']) await write(path, text);
  if (flags.json) return out.data(json({ file: path, written: !flags['dry-run'], yours }));
  if (flags['dry-run']) return out.data(text.trimEnd());
  return out.data(
    table([
      ['wrote', near],
      ...yours.map(({ line, text: what }, n) => [n === 0 ? 'yours' : '', `${near}:${line}  ${what}`]),
      ['next', `./muster plan --site ${site}`],
    ]),
  );
}

/** Lines in which a person has to put something of their own. */
const yoursOf = (text: string) =>
  text.split('\n').flatMap((line, n) => (/# YOURS\b/.test(line) ? { line: n + 1, text: line.trim() } : []));

/** What the inventory lacks, in place. Errors: TERRAFORM_CONFLICT. */
async function fill(path: string, facts: TerraformFacts, call: Call) {
  const { project, site, flags, out } = call;
  const near = relative(project, path);
  const known = { k3sVersions: k3sVersions(await readLock(project)) };
  const text = await readFile(path, 'utf8');
  // What is no YAML is told by the inventory's own reader.
  if (parseDocument(text).errors.length > 0) checkedInventory(text, path, known);
  const { fills, conflicts, notes } = fillingOf(
    text,
    facts,
    await exists(join(siteDirs(project, site).state, 'journals')),
  );
  if (conflicts.length > 0)
    throw new OpsError('TERRAFORM_CONFLICT', `cannot fill ${near}: ${conflicts[0]}`, {
      details: conflicts,
      hint: 'another site for it: --site NAME; or change what stands there yourself',
    });
  const after = editYaml(text, fills);
  checkedInventory(after, path, known);
  if (flags.json && flags['dry-run']) return out.data(json({ file: path, changes: fills, notes, written: false }));
  for (const note of notes) out.status(note);
  if (fills.length === 0)
    return out.data(
      flags.json ? json({ file: path, changes: [], notes, written: false }) : `${near} says all of it already`,
    );
  if (!flags.json) out.data(table(fills.map(rowOf)));
  if (flags['dry-run']) return undefined;
  if (!(await agreed(`Write this into ${near}?`, call)))
    throw new OpsError('USAGE', `cannot fill ${near}: nobody said yes, and nothing was written`, {
      hint: `./muster import-terraform ${call.args.join(' ')} --site ${site} --yes`,
    });
  await write(path, after);
  return out.data(
    flags.json ? json({ file: path, changes: fills, notes, written: true }) : `next  ./muster plan --site ${site}`,
  );
}

const rowOf = ({ path, from, value }: Fill) => [
  from === undefined ? 'create' : 'update',
  path.join('.'),
  from === undefined ? shown(value) : `${shown(from)} -> ${shown(value)}`,
];

async function write(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  await writeDurably(path, text, draft, 0o644).catch(async error => {
    await rm(draft, { force: true });
    throw error;
  });
}

/** The sections that name it, for whoever writes the inventory. */
function sectionsOf(file: string, facts: TerraformFacts): string {
  const { account, region, vpc, clusters } = facts;
  const [cluster] = clusters;
  const kept = subnetsFor(cluster ? 'eks' : 'k3s', facts);
  const provider = {
    kind: 'ec2',
    account,
    region,
    access: ['203.0.113.7/32'],
    network: { vpc: vpc.id, subnets: kept.map(({ id }) => id) },
  };
  const existing = cluster && {
    kind: 'eks',
    existing: cluster.name,
    version: cluster.version,
    nodes: nodesFor(cluster),
  };
  const others = clusters.slice(1).map(({ name }) => name);
  return [
    `# From ${file}. muster changes and removes nothing of it. Put your own address under access.`,
    ...kept.map(
      ({ id, zone, cidr, public: isPublic }) => `# ${id}: ${cidr} in ${zone}, ${isPublic ? 'public' : 'private'}`,
    ),
    stringify({ provider, ...(existing && { cluster: existing }) }).trimEnd(),
    ...(others.length > 0
      ? [`# There are other EKS clusters in it: ${others.join(', ')}. Name the one that is meant.`]
      : []),
  ].join('\n');
}
