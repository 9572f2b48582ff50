import type { Credentials } from '../../aws/credentials.ts';
import { dnsSuffix } from '../../aws/partition.ts';
import { minutes } from '../../time/index.ts';

/** What the API server of EKS takes for a password: a request to STS, signed and not sent. It sends it, and so knows us. */
export interface Token {
  token: string;
  /** UTC, milliseconds since 1970. */
  expires: number;
}

export interface TokenWant {
  /** The name that EKS knows the cluster by; a token is good for this one only. */
  cluster: string;
  region: string;
}

/** The header that ties the request to a cluster; it must be signed. */
const CLUSTER_HEADER = 'x-k8s-aws-id';
const PREFIX = 'k8s-aws-v1.';
/** Good for 15 minutes from its date, whatever X-Amz-Expires says; one less, for clocks that differ. */
const GOOD = minutes(14);

/** Any parameter but these, another host or an unsigned header, and aws-iam-authenticator refuses it: see its token.go. */
export async function signToken({ cluster, region }: TokenWant, credentials: Credentials, now: number): Promise<Token> {
  const [{ SignatureV4 }, { Sha256 }] = await Promise.all([
    import('@smithy/signature-v4'),
    import('@smithy/core/checksum'),
  ]);
  const hostname = `sts.${region}.${dnsSuffix(region)}`;
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 });
  const request = {
    protocol: 'https:',
    hostname,
    method: 'GET',
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host: hostname, [CLUSTER_HEADER]: cluster },
  };
  const { query = {} } = await signer.presign(request, { expiresIn: 60, signingDate: new Date(now) });
  const search = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  const url = `https://${hostname}/?${search.join('&')}`;
  return { token: `${PREFIX}${Buffer.from(url).toString('base64url')}`, expires: now + GOOD };
}

/** A token for each request, made anew shortly before the last one ends. */
export function tokenSource(make: (now: number) => Promise<Token>, now: () => number): () => Promise<string> {
  let last: Promise<Token> | undefined;
  return async () => {
    const at = now();
    const kept = await last?.catch(() => undefined);
    if (!kept || kept.expires - at < minutes(1)) last = make(at);
    return ((await last) as Token).token;
  };
}
