import { ACTIONS } from './actions.ts';

export interface Statement {
  Sid: string;
  Effect: 'Allow';
  Action: readonly string[];
  Resource: string | readonly string[];
  Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface Policy {
  Version: '2012-10-17';
  Statement: Statement[];
}

/** For whom the policy is: rights reach as far as the site's tags. */
export interface Bound {
  account: string;
  region: string;
  site: string;
}

/** Types that an action makes, and those it needs for it: AWS asks of the first for the request's tags, of the others for their own. */
export const MAKES: Readonly<Record<string, { made: readonly string[]; with: readonly string[] }>> = {
  'ec2:CreateVpc': { made: ['vpc'], with: [] },
  'ec2:CreateSubnet': { made: ['subnet'], with: ['vpc'] },
  'ec2:CreateInternetGateway': { made: ['internet-gateway'], with: [] },
  'ec2:CreateRouteTable': { made: ['route-table'], with: ['vpc'] },
  'ec2:CreateNatGateway': { made: ['natgateway'], with: ['subnet', 'elastic-ip'] },
  'ec2:CreateSecurityGroup': { made: ['security-group'], with: ['vpc'] },
  'ec2:ImportKeyPair': { made: ['key-pair'], with: [] },
  'ec2:AllocateAddress': { made: ['elastic-ip'], with: [] },
  'ec2:RunInstances': {
    made: ['instance', 'volume', 'network-interface'],
    with: ['subnet', 'security-group', 'key-pair'],
  },
};

/** Of all that muster does: the gate refuses what is not in ACTIONS, so this is enough. */
export function policyFor({ account, region, site }: Bound): Policy {
  const arn = (type: string) => `arn:aws:ec2:${region}:${account}:${type}/*`;
  const inRegion = { StringEquals: { 'aws:RequestedRegion': region } };
  const tagged = (of: 'Request' | 'Resource') => ({ StringEquals: { [`aws:${of}Tag/muster:site`]: site } });
  const names = (test: (action: string) => boolean) =>
    ACTIONS.filter(({ kind }) => kind === 'write').flatMap(({ action }) => (test(action) ? action : []));
  const made = [...new Set(Object.values(MAKES).flatMap(each => each.made))];
  const needed = [...new Set(Object.values(MAKES).flatMap(each => each.with))];
  const making = names(action => action in MAKES);
  const others = new Set(names(action => !action.startsWith('ec2:')).map(action => action.split(':')[0] ?? ''));
  return {
    Version: '2012-10-17',
    Statement: [
      {
        ...{ Sid: 'Look', Effect: 'Allow', Resource: '*' },
        Action: ACTIONS.filter(({ kind }) => kind === 'read').map(({ action }) => action),
      },
      { Sid: 'MakeWithTheTag', Effect: 'Allow', Action: making, Resource: made.map(arn), Condition: tagged('Request') },
      {
        ...{ Sid: 'MakeBesideWhatHasTheTag', Effect: 'Allow', Resource: needed.map(arn) },
        Action: making.filter(action => MAKES[action]?.with.length),
        Condition: tagged('Resource'),
      },
      {
        ...{ Sid: 'StartFromAnyImage', Effect: 'Allow', Action: ['ec2:RunInstances'] },
        Resource: `arn:aws:ec2:${region}::image/*`,
      },
      {
        ...{ Sid: 'TagWhatIsMade', Effect: 'Allow', Action: ['ec2:CreateTags'], Resource: made.map(arn) },
        Condition: {
          StringEquals: {
            'ec2:CreateAction': making.map(action => action.replace('ec2:', '')),
            'aws:RequestTag/muster:site': site,
          },
        },
      },
      {
        ...{ Sid: 'ChangeWhatHasTheTag', Effect: 'Allow', Resource: '*' },
        Action: names(action => action.startsWith('ec2:') && !(action in MAKES)),
        Condition: tagged('Resource'),
      },
      ...[...others].map(
        (service): Statement => ({
          ...{ Sid: `Change${service.replace(/\W/g, '').toUpperCase()}`, Effect: 'Allow', Resource: '*' },
          Action: names(action => action.startsWith(`${service}:`)),
          ...(service !== 'iam' && { Condition: inRegion }),
        }),
      ),
    ],
  };
}
