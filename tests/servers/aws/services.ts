import { ec2Rules } from './ec2/rules.ts';
import { eksRules } from './eks/rules.ts';
import { iamRules } from './iam/rules.ts';
import { type Service, service } from './service.ts';
import type { Claim, Signed } from './signature.ts';
import { ssmRules } from './ssm.ts';
import { stsRules } from './sts.ts';

const services: readonly Service[] = [
  service({ name: 'ec2', client: '@aws-sdk/client-ec2', protocol: 'ec2', version: '2016-11-15', rules: ec2Rules }),
  service({ name: 'sts', client: '@aws-sdk/client-sts', protocol: 'query', version: '2011-06-15', rules: stsRules }),
  service({ name: 'iam', client: '@aws-sdk/client-iam', protocol: 'query', version: '2010-05-08', rules: iamRules }),
  service({ name: 'eks', client: '@aws-sdk/client-eks', protocol: 'rest', version: '2017-11-01', rules: eksRules }),
  service({
    ...{ name: 'ssm', client: '@aws-sdk/client-ssm', protocol: 'json', version: '2014-11-06', target: 'AmazonSSM' },
    rules: ssmRules,
  }),
];

/** By the scope of the signature; without one by what the request itself says. */
export function findService(claim: Claim | undefined, { headers, body }: Signed): Service | undefined {
  if (claim) return services.find(({ name }) => name === claim.service);
  const target = headers['x-amz-target']?.split('.')[0];
  const version = new URLSearchParams(body.toString()).get('Version');
  return services.find(each => (target ? each.target === target : each.version === version));
}
