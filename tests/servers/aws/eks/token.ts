import { parseDate, readClaim, signatureFits } from '../signature.ts';
import type { World } from '../world.ts';
import type { ClusterRecord } from './state.ts';

/** "parameters that may be in the URL", and nothing else: aws-iam-authenticator, pkg/token/token.go. */
const ALLOWED = [
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
];

export type Verdict = { arn: string } | { refused: string };

/** As the authenticator of EKS looks at a token, field by field; then STS, which it would ask. */
export function verifyToken(token = '', cluster: string, region: string, world: World): Verdict {
  if (!token.startsWith('k8s-aws-v1.') || token.length > 4096) return { refused: 'no token of EKS' };
  const text = Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString();
  if (!URL.canParse(text)) return { refused: 'no address in the token' };
  const { protocol, host, pathname, searchParams } = new URL(text);
  if (protocol !== 'https:' || host !== `sts.${region}.amazonaws.com` || pathname !== '/')
    return { refused: `unexpected address ${protocol}//${host}${pathname}` };
  const other = [...searchParams.keys()].find(name => !ALLOWED.includes(name.toLowerCase()));
  if (other !== undefined) return { refused: `non-whitelisted query parameter "${other}"` };
  if (searchParams.get('Action') !== 'GetCallerIdentity') return { refused: 'unexpected action parameter' };
  const expires = Number(searchParams.get('X-Amz-Expires'));
  if (!(expires >= 0 && expires <= 900)) return { refused: 'invalid X-Amz-Expires parameter' };
  const request = {
    ...{ method: 'GET', path: '/', query: searchParams, body: Buffer.alloc(0) },
    headers: { host, 'x-k8s-aws-id': cluster },
  };
  const claim = readClaim(request);
  if (!claim?.signedHeaders.includes('x-k8s-aws-id') || !claim.signedHeaders.includes('host'))
    return { refused: 'client did not sign the x-k8s-aws-id header' };
  const at = parseDate(claim.date);
  // Good for 15 minutes from its date, whatever the expiry says.
  if (Number.isNaN(at) || Math.abs(world.now() - at) > 15 * 60_000) return { refused: 'the token has expired' };
  const keys = world.keys.find(({ accessKeyId }) => accessKeyId === claim.key);
  if (!keys || keys.sessionToken !== claim.token || !signatureFits(request, claim, keys.secretAccessKey))
    return { refused: 'STS does not take the signature' };
  if (keys.expires !== undefined && keys.expires <= world.now()) return { refused: 'the credentials have expired' };
  return { arn: keys.caller.arn };
}

/** Of whoever STS says it is: a session is its role's. */
export function entryOf({ entries }: ClusterRecord, arn: string) {
  const [, account, role] = /^arn:aws:sts::(\d{12}):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  return entries
    .all()
    .find(({ entry: { principalArn = '' } }) =>
      role === undefined
        ? principalArn === arn
        : principalArn.startsWith(`arn:aws:iam::${account}:role/`) && principalArn.endsWith(`/${role}`),
    );
}

/** What an access entry lets its principal do; undefined: nobody has let it in. */
export function rightsOf(record: ClusterRecord, arn: string): 'admin' | 'nothing' | undefined {
  const found = entryOf(record, arn);
  if (!found) return undefined;
  return found.policies.some(({ policyArn }) => policyArn?.endsWith('/AmazonEKSClusterAdminPolicy'))
    ? 'admin'
    : 'nothing';
}
