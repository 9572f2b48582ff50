import { AwsError } from '../errors.ts';

/** Managed policies of AWS that exist here: "AWS managed policy reference". */
const MANAGED = [
  ...['AmazonEKSClusterPolicy', 'AmazonEKSWorkerNodePolicy', 'AmazonEKS_CNI_Policy', 'AmazonEKSVPCResourceController'],
  ...['AmazonEC2ContainerRegistryPullOnly', 'AmazonEC2ContainerRegistryReadOnly', 'AmazonSSMManagedInstanceCore'],
  ...[
    'AmazonEKSComputePolicy',
    'AmazonEKSBlockStoragePolicy',
    'AmazonEKSLoadBalancingPolicy',
    'AmazonEKSNetworkingPolicy',
  ],
  ...[
    'service-role/AmazonEBSCSIDriverPolicy',
    'service-role/AmazonEBSCSIDriverPolicyV2',
    'ReadOnlyAccess',
    'AdministratorAccess',
  ],
];
export const isManaged = (arn: string): boolean => MANAGED.some(name => arn === `arn:aws:iam::aws:policy/${name}`);

type Json = Record<string, unknown>;
const wrong = (why: string) => new AwsError('MalformedPolicyDocument', why);

/** "IAM JSON policy grammar", as far as a policy of muster goes. Errors: MalformedPolicyDocument. */
export function checkDocument(text: string | undefined, use: 'permissions' | 'trust'): string {
  const document = parseDocument(text);
  const { Version, Statement, ...more } = document;
  const other = Object.keys(more).filter(key => key !== 'Id');
  if (other.length > 0) throw wrong(`Syntax errors in policy: unknown ${other}.`);
  if (Version !== '2012-10-17' && Version !== '2008-10-17')
    throw wrong('The policy must contain a valid version string');
  const statements = [Statement].flat() as Json[];
  if (statements.length === 0 || Statement === undefined) throw wrong('Syntax errors in policy.');
  for (const statement of statements) checkStatement(statement, use);
  return text ?? '';
}

function parseDocument(text: string | undefined): Json {
  try {
    const found: unknown = JSON.parse(text ?? '');
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found as Json;
  } catch {
    // said below
  }
  throw wrong('This policy contains invalid Json');
}

const KEYS = [
  'Sid',
  'Effect',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Principal',
  'NotPrincipal',
  'Condition',
];

function checkStatement(statement: Json, use: 'permissions' | 'trust'): void {
  const other = Object.keys(statement).filter(key => !KEYS.includes(key));
  if (other.length > 0) throw wrong(`Syntax errors in policy: unknown ${other}.`);
  const { Effect, Action, NotAction, Resource, NotResource, Principal, Sid } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny') throw wrong('Effect must be Allow or Deny');
  if (Sid !== undefined && !/^[A-Za-z0-9]*$/.test(String(Sid)))
    throw wrong('Statement IDs (SID) must be alpha-numeric.');
  const actions = [Action ?? NotAction ?? []].flat() as string[];
  if (actions.length === 0) throw wrong('Policy statement must contain actions.');
  const vendor = actions.find(each => each !== '*' && !/^[a-z0-9-]+:[A-Za-z0-9*?]+$/.test(each));
  if (vendor !== undefined)
    throw wrong(`Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: ${vendor}`);
  if (use === 'permissions' && Principal !== undefined) throw wrong('Policy document should not specify a principal.');
  if (use === 'permissions' && Resource === undefined && NotResource === undefined)
    throw wrong('Policy statement must contain resources.');
  if (use === 'trust' && Principal === undefined) throw wrong('AssumeRole policy must contain principals.');
  if (use === 'trust' && (Resource ?? NotResource) !== undefined) throw wrong('Has prohibited field Resource');
  for (const arn of [Resource ?? NotResource ?? []].flat() as string[])
    if (arn !== '*' && !/^arn:[^:]*:[^:]*:[^:]*:[^:]*:.+$/.test(arn))
      throw wrong(`Resource ${arn} must be in ARN format or "*".`);
}

/** Documents come back URL-encoded, "compliant with RFC 3986". */
export const encoded = (document: string): string => encodeURIComponent(document);
