import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readTerraform } from '../../lib/aws/terraform.ts';

const STATE = join(import.meta.dirname, '../cases/terraform/network.tfstate.json');
const refused = (path: string, vpc?: string) =>
  readTerraform(path, vpc).then(String, ({ code, message, hint }) => `${code}: ${message} (${hint})`);

const terraform = suite<{ dir: string }>('a Terraform state');
terraform.before(context => {
  context.dir = mkdtempSync(join(tmpdir(), 'muster-terraform-'));
});
terraform.after(({ dir }) => rmSync(dir, { recursive: true }));

terraform('names account, region, VPC, subnets and cluster, and nothing secret', async () => {
  const facts = await readTerraform(STATE, 'vpc-0aaa1111bbbb2222c');
  assert.equal(facts, {
    account: '123456789012',
    region: 'eu-central-1',
    vpc: { id: 'vpc-0aaa1111bbbb2222c', cidr: '10.40.0.0/16' },
    subnets: [
      { id: 'subnet-0a', zone: 'eu-central-1a', cidr: '10.40.0.0/24', public: true },
      { id: 'subnet-0b', zone: 'eu-central-1b', cidr: '10.40.1.0/24', public: true },
      { id: 'subnet-0p', zone: 'eu-central-1a', cidr: '10.40.10.0/24', public: false },
    ],
    clusters: [{ name: 'main', version: '1.36' }],
  });
  assert.is(JSON.stringify(facts).includes('canary-secret'), false);
});

terraform('with several VPCs wants one to be named', async () => {
  const both = 'vpc-0aaa1111bbbb2222c, vpc-0ddd3333eeee4444f';
  assert.match(await refused(STATE), `it has 2 VPCs (name one of them: ${both})`);
  assert.match(await refused(STATE, 'vpc-0'), `it has no VPC vpc-0 (it has: ${both})`);
});

terraform('is refused when it is something else', async ({ dir }) => {
  assert.match(await refused(join(dir, 'nothing')), /TERRAFORM_STATE: .*ENOENT/);
  const write = (name: string, text: string) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  assert.match(await refused(write('torn', '{"version": 4,')), /TERRAFORM_STATE: .*JSON/);
  assert.match(
    await refused(write('old', '{"version": 3, "modules": []}')),
    'it is not a Terraform state of version 4',
  );
  const lacking = readFileSync(STATE, 'utf8').replace('"cidr_block": "10.40.0.0/24", ', '');
  assert.match(
    await refused(write('lacking', lacking), 'vpc-0aaa1111bbbb2222c'),
    'one aws_subnet in it lacks cidr_block',
  );
});

terraform.run();
