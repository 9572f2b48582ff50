import { createHash } from 'node:crypto';
import { OpsError } from '../errors/index.ts';
import { fetchAnswer, fetchText, type HttpDeps } from './http.ts';

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/**
 * What a tag of a registry names now, by the bytes of its manifest: 'sha256:<hex>', and the address that gave it. `at`: the
 * host that answers, if it is not the one of the image's name. Anonymous; a token is asked for where the registry wants one
 * (OCI distribution-spec, token authentication).
 * Errors: ARTIFACT_ABSENT, ARTIFACT_DOWNLOAD, ARTIFACT_DIGEST when the registry names other bytes than it sends.
 */
export async function publishedDigest(
  image: string,
  at: string | undefined,
  deps: HttpDeps,
): Promise<{ digest: string; from: string }> {
  const [, named = '', repository = '', tag = ''] = /^([^/]+)\/(.+):([^:]+)$/.exec(image) ?? [];
  const host = at ?? named;
  const from = `${schemeOf(host)}://${host}/v2/${repository}/manifests/${tag}`;
  const open = { headers: { accept: MANIFESTS } };
  const first = await fetchAnswer(from, deps, { ...open, accepts: [401] });
  const token = first.status === 401 ? await anonymous(first.header('www-authenticate') ?? '', from, deps) : undefined;
  const answer =
    token === undefined
      ? first
      : await fetchAnswer(from, deps, { headers: { ...open.headers, authorization: `Bearer ${token}` } });
  const digest = `sha256:${createHash('sha256').update(answer.body).digest('hex')}`;
  const said = answer.header('docker-content-digest') ?? digest;
  if (said === digest) return { digest, from };
  throw new OpsError('ARTIFACT_DIGEST', `cannot lock ${image}: ${from} names ${said}, and sent ${digest}`);
}

/** As every client of registries has it: TLS, but for this computer's own. */
const schemeOf = (host: string): 'http' | 'https' => (/^(localhost|127(\.\d+){3})(:|$)/.test(host) ? 'http' : 'https');

/** `challenge`: 'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull"'. */
async function anonymous(challenge: string, from: string, deps: HttpDeps): Promise<string> {
  const word = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
  const realm = word('realm');
  if (!challenge.startsWith('Bearer ') || realm === undefined || !URL.canParse(realm))
    throw new OpsError('ARTIFACT_ABSENT', `cannot read ${from}: it asks for '${challenge}', and not for a token`);
  const url = new URL(realm);
  for (const name of ['service', 'scope']) url.searchParams.set(name, word(name) ?? '');
  const given: unknown = JSON.parse(await fetchText(url.href, deps));
  const { token, access_token: other } = (given ?? {}) as Record<string, unknown>;
  const found = token ?? other;
  if (typeof found === 'string') return found;
  throw new OpsError('ARTIFACT_DOWNLOAD', `cannot read ${from}: ${url.origin} gave no token`);
}
