import type { RequestOptions } from 'node:https';
import { parse } from 'yaml';
import { z } from 'zod';

/** What a kubeconfig says: where the API is, whom to trust, and how to be let in. */
export interface Credentials {
  context: string;
  server: string | undefined;
  tls: Pick<RequestOptions, 'ca' | 'cert' | 'key'>;
  /** Asked for before every request: a token may be short-lived. */
  headers(): Promise<Record<string, string>>;
}

const bytes = z.string().transform(text => Buffer.from(text, 'base64'));
const only = <T extends z.ZodType>(shape: T) => z.tuple([shape]);

/** A kubeconfig with one cluster, whose user has a certificate: what k3s gives. */
const plain = z.object({
  clusters: only(z.object({ cluster: z.strictObject({ server: z.string(), 'certificate-authority-data': bytes }) })),
  users: only(z.object({ user: z.strictObject({ 'client-certificate-data': bytes, 'client-key-data': bytes }) })),
  contexts: only(z.unknown()),
  'current-context': z.string(),
});

/** A kubeconfig whose user asks this very program for a token: what muster writes for EKS. */
const asking = plain.extend({
  users: only(
    z.object({ user: z.object({ exec: z.object({ args: z.tuple([z.literal('eks-token')], z.string()) }) }) }),
  ),
});

/** Throws what is wrong with the text. `token`: makes in this process what the kubeconfig would start another one for. */
export async function readCredentials(text: string, token?: () => Promise<string>): Promise<Credentials> {
  const data = parse(text);
  const found = plain.safeParse(data).data;
  if (!found) {
    const own = token && asking.safeParse(data).data;
    return own ? byToken(own, token) : byLibrary(text);
  }
  const [{ cluster }] = found.clusters;
  const [{ user }] = found.users;
  return {
    context: found['current-context'],
    server: cluster.server,
    tls: {
      ca: cluster['certificate-authority-data'],
      cert: user['client-certificate-data'],
      key: user['client-key-data'],
    },
    headers: async () => ({}),
  };
}

function byToken(found: z.infer<typeof asking>, token: () => Promise<string>): Credentials {
  const [{ cluster }] = found.clusters;
  return {
    context: found['current-context'],
    server: cluster.server,
    tls: { ca: cluster['certificate-authority-data'] },
    headers: async () => ({ authorization: `Bearer ${await token()}` }),
  };
}

/** Every other way to authenticate; 300 ms to load, even config.js alone. */
async function byLibrary(text: string): Promise<Credentials> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  config.loadFromString(text);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key } = options;
  return {
    context: config.getCurrentContext(),
    server: config.getCurrentCluster()?.server,
    tls: { ca, cert, key },
    async headers() {
      const fresh: RequestOptions = {};
      await config.applyToHTTPSOptions(fresh);
      const entries = Object.entries(fresh.headers ?? {}).map(([name, value]) => [name, String(value)]);
      return Object.fromEntries(entries);
    },
  };
}
