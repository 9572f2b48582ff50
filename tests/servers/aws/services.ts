import { ec2Rules } from './ec2/rules.ts';
import { eksRules } from './eks/rules.ts';
import { classicRules } from './elb/classic.ts';
import { balancerRules } from './elb/newer.ts';
import { iamRules } from './iam/rules.ts';
import { logsRules } from './logs.ts';
import { type Service, service } from './service.ts';
import type { Claim, Signed } from './signature.ts';
import { ssmRules } from './ssm.ts';
import { ssoRules } from './sso.ts';
import { stsRules } from './sts.ts';

export const services: readonly Service[] = [
  service({
    ...{ name: 'ec2', client: '@aws-sdk/client-ec2', protocol: 'ec2', version: '2016-11-15', botocore: 'ec2' },
    rules: ec2Rules,
  }),
  service({
    ...{ name: 'sts', client: '@aws-sdk/client-sts', protocol: 'query', version: '2011-06-15', botocore: 'sts' },
    rules: stsRules,
  }),
  service({
    ...{ name: 'iam', client: '@aws-sdk/client-iam', protocol: 'query', version: '2010-05-08', botocore: 'iam' },
    rules: iamRules,
  }),
  service({
    ...{ name: 'eks', client: '@aws-sdk/client-eks', protocol: 'rest', version: '2017-11-01', botocore: 'eks' },
    rules: eksRules,
  }),
  service({
    ...{ name: 'ssm', client: '@aws-sdk/client-ssm', protocol: 'json', version: '2014-11-06', botocore: 'ssm' },
    ...{ target: 'AmazonSSM', rules: ssmRules },
  }),
  service({
    ...{ name: 'elasticloadbalancing', client: '@aws-sdk/client-elastic-load-balancing-v2', protocol: 'query' },
    ...{ version: '2015-12-01', botocore: 'elbv2', rules: balancerRules },
  }),
  service({
    ...{ name: 'elasticloadbalancing', client: '@aws-sdk/client-elastic-load-balancing', protocol: 'query' },
    ...{ version: '2012-06-01', botocore: 'elb', rules: classicRules },
  }),
  // CreateLogGroup: "InvalidParameterException: A parameter is specified incorrectly."
  service({
    ...{ name: 'logs', client: '@aws-sdk/client-cloudwatch-logs', protocol: 'json', version: '2014-03-28' },
    ...{ botocore: 'logs', invalid: 'InvalidParameterException', target: 'Logs_20140328', rules: logsRules },
  }),
  // GetRoleCredentials: "InvalidRequestException: ... a required parameter might be missing or out of range."
  service({
    ...{ name: 'sso', client: '@aws-sdk/nested-clients/sso', protocol: 'rest', version: '2019-06-10' },
    ...{ botocore: 'sso', invalid: 'InvalidRequestException', rules: ssoRules },
  }),
];

/** By the scope of the signature, and the version where two APIs share it; without one by what the request itself says. */
export function findService(claim: Claim | undefined, { headers, body, path }: Signed): Service | undefined {
  const target = headers['x-amz-target']?.split('.')[0];
  const version = new URLSearchParams(body.toString()).get('Version');
  if (claim) {
    const named = services.filter(({ name }) => name === claim.service);
    return named.find(each => each.version === version) ?? named[0];
  }
  if (path.startsWith('/federation/')) return services.find(({ name }) => name === 'sso');
  return services.find(each => (target ? each.target === target : each.version === version));
}
