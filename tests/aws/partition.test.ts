import { partition as ofSdk } from '@aws-sdk/core/client';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dnsSuffix, ec2Principal, isEndpoint, partition, partitionOf, policyFor } from '../../lib/aws/index.ts';
import { rolesWanted } from '../../lib/cluster/eks/role.ts';
import { signToken } from '../../lib/cluster/eks/token.ts';
import { REGION } from '../../lib/inventory/sections/provider.ts';
import type { Wire } from '../../lib/store/connection.ts';
import { rolePolicies } from '../../lib/store/index.ts';
import { tlsOnly } from '../../lib/store/protection.ts';
import { replicationRule } from '../../lib/store/replication.ts';

/** One region of each cloud of AWS, its partition, the suffix of its endpoints, and as whom it trusts an instance. */
const CLOUDS = [
  ['eu-central-1', 'aws', 'amazonaws.com', 'ec2.amazonaws.com'],
  ['us-east-1', 'aws', 'amazonaws.com', 'ec2.amazonaws.com'],
  ['cn-north-1', 'aws-cn', 'amazonaws.com.cn', 'ec2.amazonaws.com.cn'],
  ['cn-northwest-1', 'aws-cn', 'amazonaws.com.cn', 'ec2.amazonaws.com.cn'],
  ['us-gov-west-1', 'aws-us-gov', 'amazonaws.com', 'ec2.amazonaws.com'],
  ['eusc-de-east-1', 'aws-eusc', 'amazonaws.eu', 'ec2.amazonaws.com'],
  ['us-iso-east-1', 'aws-iso', 'c2s.ic.gov', 'ec2.amazonaws.com'],
  ['us-isob-east-1', 'aws-iso-b', 'sc2s.sgov.gov', 'ec2.amazonaws.com'],
  ['eu-isoe-west-1', 'aws-iso-e', 'cloud.adc-e.uk', 'ec2.amazonaws.com'],
  ['us-isof-south-1', 'aws-iso-f', 'csp.hci.ic.gov', 'ec2.amazonaws.com'],
] as const;

for (const [region, cloud, suffix, ec2] of CLOUDS)
  test(`${region} is a region of ${cloud}, as the SDK has it`, () => {
    assert.equal([partition(region), dnsSuffix(region), ec2Principal(region)], [cloud, suffix, ec2]);
    assert.equal([ofSdk(region).name, ofSdk(region).dnsSuffix], [cloud, suffix]);
    assert.ok(isEndpoint(`s3.${region}.${suffix}`));
    assert.match(region, REGION);
  });

/** What a rule writes to a bucket of which nothing is known. */
async function sentBy(act: (wire: Wire) => Promise<unknown>): Promise<unknown[]> {
  const sent: unknown[] = [];
  const client = { send: async ({ input }: { input: unknown }) => sent.push(input) };
  await act({
    sdk: await import('@aws-sdk/client-s3'),
    client,
    signal: new AbortController().signal,
  } as unknown as Wire);
  return sent;
}

/** Everything that names something of AWS by its ARN. */
const written = async (region: string, cloud: string) => {
  const account = '111122223333';
  const role = `arn:${cloud}:iam::${account}:role/replication`;
  return {
    policy: policyFor({ account, region, site: 'prod', network: { vpc: 'vpc-1', subnets: ['subnet-1'] } }),
    store: rolePolicies({ bucket: 'b', region }),
    roles: rolesWanted({ name: 'prod' }, region),
    copies: replicationRule({ role, bucket: 'far' }).want,
    tls: await sentBy(wire => tlsOnly(region).write(wire, 'b')),
  };
};

for (const [region, cloud, , ec2] of CLOUDS)
  test(`of ${region} every policy names what is in ${cloud}, and nothing of another cloud`, async () => {
    for (const [what, document] of Object.entries(await written(region, cloud))) {
      const clouds = JSON.stringify(document)
        .match(/arn:[a-z-]+:/g)
        ?.map(partitionOf);
      assert.equal([...new Set(clouds)], [cloud], what);
    }
    const { policy, roles } = await written(region, cloud);
    const passed = policy.Statement.find(({ Sid }) => Sid === 'PassRoles')?.Condition?.StringEquals;
    for (const { trust, name } of roles) {
      const [, service = ''] = /"Service":"([^"]+)"/.exec(JSON.stringify(trust)) ?? [];
      assert.ok(passed?.['iam:PassedToService']?.includes(service), `${name} is passed to ${service}`);
      if (name.endsWith('-node')) assert.is(service, ec2);
    }
  });

for (const [region, , suffix] of CLOUDS)
  test(`a token for EKS in ${region} is a request to the STS there`, async () => {
    const keys = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'nobody-has-it' };
    const { token } = await signToken({ cluster: 'prod', region }, keys, 0);
    const url = Buffer.from(token.replace('k8s-aws-v1.', ''), 'base64url').toString();
    assert.is(new URL(url).hostname, `sts.${region}.${suffix}`);
  });

test('a store of somebody else is none of AWS, whatever its name looks like', () => {
  const others = ['127.0.0.1', 's3.example.com', 's3.amazonaws.com.example.com', 'notamazonaws.com', 'localhost'];
  assert.equal(others.filter(isEndpoint), []);
});

test.run();
