import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { EC2 } from '@aws-sdk/client-ec2';
import { EKS } from '@aws-sdk/client-eks';
import { ElasticLoadBalancing } from '@aws-sdk/client-elastic-load-balancing';
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2';
import { IAM } from '@aws-sdk/client-iam';
import { SSM } from '@aws-sdk/client-ssm';
import { STS } from '@aws-sdk/client-sts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pythonPackages } from '../moto/packages.ts';
import { clientOf } from './clients.ts';
import { loadConstraints } from './constraints.ts';
import { type AwsServer, startAws } from './server.ts';
import { services } from './services.ts';

const test = suite<{ aws: AwsServer }>('the stand-in holds requests against lengths, ranges and patterns');
test.before(async context => {
  context.aws = await startAws();
});
test.after(async ({ aws }) => {
  assert.equal(aws.unknown(), []);
  await aws.close();
});

const long = 'x'.repeat(129);
const trust = JSON.stringify({ Version: '2012-10-17', Statement: [] });

type Ask = (aws: AwsServer) => { destroy(): void; asked: Promise<unknown> };
const by =
  <C extends { destroy(): void }>(
    Client: Parameters<typeof clientOf<C>>[0],
    ask: (client: C) => Promise<unknown>,
  ): Ask =>
  aws => {
    const client = clientOf(Client, aws, { maxAttempts: 1 });
    return { destroy: () => client.destroy(), asked: ask(client) };
  };

/** Of SSO's requests that are answered here the model says none. */
const cases: [string, Ask, string, RegExp][] = [
  [
    'iam: a name that is too long',
    by(IAM, iam => iam.createRole({ RoleName: long, AssumeRolePolicyDocument: trust })),
    'ValidationError',
    /^1 validation error detected: Value 'x+' at 'RoleName' failed to satisfy constraint: Member must have length less than or equal to 64$/,
  ],
  [
    'iam: letters that no role has',
    by(IAM, iam => iam.getRole({ RoleName: 'a role' })),
    'ValidationError',
    /'RoleName'.*satisfy regular expression pattern: \[\\w\+=,\.@-\]\+$/,
  ],
  [
    'iam: a session that is too short',
    by(IAM, iam => iam.createRole({ RoleName: 'a', AssumeRolePolicyDocument: trust, MaxSessionDuration: 60 })),
    'ValidationError',
    /Value '60' at 'MaxSessionDuration'.*greater than or equal to 3600$/,
  ],
  [
    'sts: a name of a session',
    by(STS, sts => sts.assumeRole({ RoleArn: 'arn:aws:iam::111122223333:role/a', RoleSessionName: 'x' })),
    'ValidationError',
    /'RoleSessionName'.*length greater than or equal to 2$/,
  ],
  [
    'eks: a name that is too long',
    by(EKS, eks => eks.createCluster({ name: long, roleArn: 'a', resourcesVpcConfig: {} })),
    'InvalidParameterException',
    /at 'name'.*less than or equal to 100$/,
  ],
  [
    'eks: a number of nodes',
    by(EKS, eks =>
      eks.createNodegroup({
        clusterName: 'a',
        nodegroupName: 'b',
        subnets: [],
        nodeRole: 'r',
        scalingConfig: { maxSize: 0 },
      }),
    ),
    'InvalidParameterException',
    /'scalingConfig\.maxSize'.*value greater than or equal to 1$/,
  ],
  [
    'ssm: a list that is too long',
    by(SSM, ssm => ssm.getParameters({ Names: Array.from({ length: 11 }, (_, n) => `/p${n}`) })),
    'ValidationException',
    /Value at 'Names'.*length less than or equal to 10$/,
  ],
  [
    'elbv2: a key of a tag',
    by(ElasticLoadBalancingV2, elb => elb.createTargetGroup({ Name: 'a', Tags: [{ Key: long, Value: '' }] })),
    'ValidationError',
    /'Tags\.1\.Key'.*less than or equal to 128$/,
  ],
  [
    'elb: a page',
    by(ElasticLoadBalancing, elb => elb.describeLoadBalancers({ PageSize: 401 })),
    'ValidationError',
    /'PageSize'.*less than or equal to 400$/,
  ],
  [
    'logs: a name',
    by(CloudWatchLogs, logs => logs.createLogGroup({ logGroupName: 'a group' })),
    'InvalidParameterException',
    /'logGroupName'.*pattern/,
  ],
  [
    'ec2: a page',
    by(EC2, ec2 => ec2.describeVpcs({ MaxResults: 4 })),
    'InvalidParameterValue',
    /^Value \(4\) for parameter MaxResults is invalid\. It must have value greater than or equal to 5$/,
  ],
];
for (const [what, ask, code, words] of cases)
  test(what, async ({ aws }) => {
    const { asked, destroy } = ask(aws);
    const error = await asked
      .then(
        () => new Error('it was taken'),
        thrown => thrown,
      )
      .finally(destroy);
    assert.is(error.name, code, error.message);
    assert.match(error.message, words);
  });

test('without the models it does not start, rather than check less', async () => {
  const error = await startAws({ packages: '/nowhere' }).catch(thrown => thrown);
  assert.match(
    error.message,
    /cannot check requests: \/nowhere\/botocore\/data\/ec2\/2016-11-15\/service-2\.json\.gz is not there/,
  );
});

/** Java's, which are not JavaScript's: a request that one of them is for cannot be judged here, and fails its test. */
const UNTRANSLATED: Record<string, readonly string[]> = {
  sts: [String.raw`[\w+=,.@\:-]*`],
  ssm: [
    '(?i)all|[0-9]{12}',
    // A date of ISO 8601.
    String.raw`^([\-]?\d{4}(?!\d{2}\b))((-?)((0[1-9]|1[0-2])(\3([12]\d|0[1-9]|3[01]))?|W([0-4]\d|5[0-2])(-?[1-7])?|(00[1-9]|0[1-9]\d|[12]\d{2}|3([0-5]\d|6[1-6])))([T\s]((([01]\d|2[0-3])((:?)[0-5]\d)?|24\:?00)([\.,]\d(?!:))?)?(\17[0-5]\d([\.,]\d)?)?([zZ]|([\-])([01]\d|2[0-3]):?([0-5]\d)?)?)?)?$`,
    String.raw`^[0-9a-fA-F]{8}\-[0-9a-fA-F]{4}\-[0-9a-fA-F]{4}\-[0-9a-fA-F]{4}\-[0-9a-fA-F]{12}$`,
    String.raw`^[\w\.\-\:\/ ]*$`,
    String.raw`^\/[\w\.\-\:\/]*$`,
    String.raw`^arn:aws[a-z0-9-]*:iam::\d{12}:role\/[\w-\/.@+=,]{1,1017}$`,
  ],
  logs: [String.raw`[\w-_]*`],
};

test('the patterns that JavaScript has no words for are these', async () => {
  const packages = await pythonPackages();
  const found = services.map(({ botocore, version }) => [
    botocore,
    loadConstraints(packages, `${botocore}/${version}`).untranslated,
  ]);
  assert.equal(Object.fromEntries(found.filter(([, list]) => list?.length)), UNTRANSLATED);
});

test.run();
