import { EC2 } from '@aws-sdk/client-ec2';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { clientOf, codeOf } from './clients.ts';
import { launchOf } from './eks/machines.ts';
import { type AwsServer, startAws } from './server.ts';

interface World {
  aws: AwsServer;
  ec2: EC2;
}

const test = suite<World>("the stand-in's launch templates");
test.before.each(async context => {
  context.aws = await startAws({ settleMs: 5, pageSize: 1 });
  context.ec2 = clientOf(EC2, context.aws);
});
test.after.each(async ({ aws, ec2 }) => {
  assert.equal(aws.unknown(), []);
  ec2.destroy();
  await aws.close();
});

const LaunchTemplateData = { InstanceType: 't3.large' as const };
const of = (name: string) => ({ LaunchTemplateName: name, LaunchTemplateData });
const tagged = (...types: string[]) => ({
  TagSpecifications: types.map(ResourceType => ({
    ResourceType: ResourceType as 'launch-template',
    Tags: [{ Key: 'muster:site', Value: 'one' }],
  })),
});

test('one has a name of its own, tags of its own, and versions that stay', async ({ ec2 }) => {
  const create = (more: object) => codeOf(ec2.createLaunchTemplate({ ...of('one/blue'), ...more }));
  assert.is(await create(of('ab')), 'InvalidLaunchTemplateName.MalformedException');
  assert.is(await create(of('one blue')), 'InvalidLaunchTemplateName.MalformedException');
  assert.is(await create(tagged('instance')), 'InvalidParameterValue');
  assert.is(await create({ LaunchTemplateData: tagged('launch-template') }), 'InvalidParameterValue');
  assert.is(
    await create({ LaunchTemplateData: { MetadataOptions: { HttpPutResponseHopLimit: 65 } } }),
    'InvalidParameterValue',
  );
  const token = { ...tagged('launch-template'), ClientToken: 'a' };
  assert.is(await create(token), undefined);
  assert.is(await create(token), undefined);
  assert.is(await create({ ...token, LaunchTemplateName: 'one/green' }), 'IdempotentParameterMismatch');
  assert.is(await create({}), 'InvalidLaunchTemplateName.AlreadyExistsException');
  await ec2.createLaunchTemplate(of('two/blue'));
  const Filters = [{ Name: 'tag:muster:site', Values: ['*'] }];
  const { LaunchTemplates } = await ec2.describeLaunchTemplates({ Filters });
  assert.equal(
    LaunchTemplates?.map(({ LaunchTemplateName }) => LaunchTemplateName),
    ['one/blue'],
  );
  const [{ LaunchTemplateId = '' } = {}] = LaunchTemplates ?? [];
  await ec2.createLaunchTemplateVersion({ LaunchTemplateId, LaunchTemplateData: { InstanceType: 't3.small' } });
  const types = async (...Versions: string[]) =>
    (await ec2.describeLaunchTemplateVersions({ LaunchTemplateId, Versions })).LaunchTemplateVersions?.map(
      each => each.LaunchTemplateData?.InstanceType,
    );
  assert.equal(await types('1', '$Latest', '$Default'), ['t3.large', 't3.small', 't3.large']);
  assert.is(await codeOf(types('3')), 'InvalidLaunchTemplateId.VersionNotFound');
  await ec2.deleteLaunchTemplate({ LaunchTemplateId });
  assert.is(await codeOf(types('1')), 'InvalidLaunchTemplateId.NotFound');
  assert.is(await codeOf(ec2.deleteLaunchTemplate({ LaunchTemplateId })), 'InvalidLaunchTemplateId.NotFound');
  const byName = { LaunchTemplateName: 'one/blue' };
  assert.is(await codeOf(ec2.deleteLaunchTemplate(byName)), 'InvalidLaunchTemplateName.NotFoundException');
  assert.is(await codeOf(ec2.deleteLaunchTemplate({})), 'InvalidParameterCombination');
});

test('a node group says what its machines are itself, or its template does', async ({ aws, ec2 }) => {
  const { LaunchTemplate } = await ec2.createLaunchTemplate(of('one/blue'));
  const { LaunchTemplateId: id = '' } = LaunchTemplate ?? {};
  const call = {
    ...{ world: aws.world, account: aws.world.account, region: 'eu-central-1' },
    operation: 'CreateNodegroup',
  };
  const said = (more: object) => {
    try {
      const input = { clusterName: 'one', nodegroupName: 'blue', subnets: [], nodeRole: '', ...more };
      return launchOf(input, { ...call, caller: aws.keys.caller, raw: {} }).InstanceType;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const version = '1';
  assert.is(said({}), 't3.medium');
  assert.is(said({ instanceTypes: ['t3.small'] }), 't3.small');
  assert.is(said({ launchTemplate: { id, version } }), 't3.large');
  assert.match(
    said({ launchTemplate: { id, name: 'one/blue', version } }) ?? '',
    /^Either provide launch template ID or/,
  );
  assert.match(said({ launchTemplate: { id, version }, diskSize: 30 }) ?? '', /^Disk size must be specified within/);
  assert.match(said({ launchTemplate: { id, version: '2' } }) ?? '', /has no version 2/);
  assert.match(
    said({ launchTemplate: { id, version }, instanceTypes: ['t3.small'] }) ?? '',
    /^Cannot specify instance types in launch template and API request/,
  );
});

test.run();
