import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readTerraform } from '../../lib/aws/terraform.ts';

const CASES = join(import.meta.dirname, '../cases/terraform');
const STATE = join(CASES, 'network.tfstate.json');
const MODULES = join(CASES, 'modules.tfstate.json');
const LOOKED_UP = join(CASES, 'looked-up.tfstate.json');
const refused = (path: string, vpc?: string) =>
  readTerraform(path, { vpc }).then(String, ({ code, message, hint }) => `${code}: ${message} (${hint})`);

const terraform = suite<{ dir: string }>('a Terraform state');
terraform.before(context => {
  context.dir = mkdtempSync(join(tmpdir(), 'muster-terraform-'));
});
terraform.after(({ dir }) => rmSync(dir, { recursive: true }));

terraform('names account, region, VPC, subnets and cluster, and nothing secret', async () => {
  const facts = await readTerraform(STATE, { vpc: 'vpc-0aaa1111bbbb2222c' });
  assert.equal(facts, {
    account: '123456789012',
    region: 'eu-central-1',
    vpc: { id: 'vpc-0aaa1111bbbb2222c', cidr: '10.40.0.0/16' },
    subnets: [
      { id: 'subnet-0aaaaaaaa', zone: 'eu-central-1a', cidr: '10.40.0.0/24', public: true, tagged: false },
      { id: 'subnet-0bbbbbbbb', zone: 'eu-central-1b', cidr: '10.40.1.0/24', public: true, tagged: false },
      { id: 'subnet-0cccccccc', zone: 'eu-central-1a', cidr: '10.40.10.0/24', public: false, tagged: false },
    ],
    clusters: [
      {
        ...{ name: 'main', version: '1.36', vpc: 'vpc-0aaa1111bbbb2222c', nodes: [], admins: [] },
        subnets: ['subnet-0aaaaaaaa', 'subnet-0bbbbbbbb'],
      },
    ],
  });
  assert.is(JSON.stringify(facts).includes('canary-secret'), false);
});

terraform('with several VPCs wants one to be named', async () => {
  const both = 'vpc-0aaa1111bbbb2222c, vpc-0ddd3333eeee4444f';
  assert.match(await refused(STATE), `it has 2 VPCs (name one of them: ${both})`);
  assert.match(await refused(STATE, 'vpc-0'), `it has no VPC vpc-0 (it has: ${both})`);
});

terraform(
  'of the modules vpc and eks is read through modules, count and for_each, and past what was replaced',
  async () => {
    const facts = await readTerraform(MODULES);
    assert.equal([facts.account, facts.region, facts.vpc.id], ['111122223333', 'eu-west-1', 'vpc-0f1e2d3c4b5a69788']);
    // None of them gives machines an address by itself: the way to an internet gateway tells.
    assert.equal(
      facts.subnets.map(({ id, public: open, tagged }) => [id, open, tagged]),
      [
        ['subnet-0bb0000000000000a', true, true],
        ['subnet-0bb0000000000000b', true, true],
        ['subnet-0aa0000000000000a', false, true],
        ['subnet-0cc0000000000000a', false, false],
        ['subnet-0aa0000000000000b', false, true],
        ['subnet-0cc0000000000000b', false, false],
      ],
    );
    assert.equal(facts.clusters, [
      {
        name: 'acme',
        version: '1.34',
        vpc: 'vpc-0f1e2d3c4b5a69788',
        subnets: ['subnet-0aa0000000000000a', 'subnet-0aa0000000000000b'],
        nodes: [
          { name: 'default-20250101', instance: 'm6i.large', min: 2, max: 6, desired: 3, disk: 60 },
          { name: 'Batch_Jobs', instance: 'c7g.xlarge', min: 0, max: 4, desired: 0, disk: 10 },
        ],
        admins: ['arn:aws:iam::111122223333:role/ops/platform'],
      },
    ]);
    assert.is(JSON.stringify(facts).includes('canary-secret'), false);
  },
);

terraform('of data sources names what somebody else manages, and one of several clusters', async () => {
  const { clusters } = await readTerraform(LOOKED_UP);
  assert.equal(
    clusters.map(({ name, nodes }) => [name, nodes]),
    [
      ['acme', []],
      ['acme-two', []],
    ],
  );
  const one = await readTerraform(LOOKED_UP, { cluster: 'acme-two' });
  assert.equal(
    one.clusters.map(({ version }) => version),
    ['1.33'],
  );
  const of = (vpc: string | undefined, cluster: string) =>
    readTerraform(STATE, { vpc, cluster }).then(String, ({ message, hint }) => `${message} (${hint})`);
  assert.match(await of(undefined, 'mian'), 'it has no EKS cluster mian (it has: main)');
  assert.match(
    await of('vpc-0ddd3333eeee4444f', 'main'),
    'main is in vpc-0aaa1111bbbb2222c, and not in vpc-0ddd3333eeee4444f',
  );
  assert.is((await readTerraform(STATE, { cluster: 'main' })).vpc.id, 'vpc-0aaa1111bbbb2222c');
});

terraform('is refused when it is something else', async ({ dir }) => {
  assert.match(await refused(join(dir, 'nothing')), /TERRAFORM_STATE: .*ENOENT/);
  const write = (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  assert.match(
    await refused(write('torn', '{"version": 4, "canary-secret')),
    'it is not JSON (terraform state pull > FILE',
  );
  for (const [text, words] of [
    ['{"version": 3, "modules": []}', 'it is of version 3, and no Terraform state of version 4'],
    ['{"format_version": "1.0", "values": {}}', 'it is what terraform show -json prints'],
    ['{"format_version": "1.2", "resource_changes": []}', 'it is a plan'],
    ['[]', 'it has no version'],
  ] as const)
    assert.match(await refused(write('other', text)), words);
  const lacking = readFileSync(STATE, 'utf8').replace('"cidr_block": "10.40.0.0/24", ', '');
  assert.match(
    await refused(write('lacking', lacking), 'vpc-0aaa1111bbbb2222c'),
    'one aws_subnet in it lacks cidr_block',
  );
});

terraform.run();
