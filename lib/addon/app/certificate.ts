import { ISSUED_FOR, isRecord, ourObject } from '../../cluster/index.ts';
import type { AnyStep, Change, Ctx, Decision, KubeObject } from '../../engine/index.ts';
import type { Provider } from '../../host/provider.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { NAMESPACE } from './app.ts';
import { appNames } from './endpoint.ts';
import { TLS_SECRET } from './manifests/want.ts';
import { type SecretSeen, secretFacts, secretRef, shown, tlsSecret } from './secrets.ts';

export interface CertificateFacts {
  tls: SecretSeen;
  /** Pods of the page that started with the certificate before. */
  stale: readonly string[];
}

const SECRET = shown(TLS_SECRET);
const podWhat = (name: string) => `Pod ${NAMESPACE}/${name}`;

/** app.certificate: what a backup brought back is for where the site was; a site that came back elsewhere has other addresses. */
export const certificateStep = (site: Site, provider: Provider): AnyStep => ({
  id: 'app.certificate',
  title: "See that the app's certificate is for where it is now",
  target: { site: site.name, kind: 'cluster', name: site.name },
  want: {},
  needs: [{ step: 'site-ca', scope: 'all' }],
  deadline: minutes(2),
  observe: ctx => observe(site, provider, ctx),
  decide: decideCertificate,
  async apply(change, ctx) {
    await ctx.effect(change, async () => {
      const api = await ctx.cluster(site.name);
      if (change.what !== SECRET) return api.remove({ ...POD, name: change.what.slice(podWhat('').length) });
      const { names, addresses } = await appNames(site, provider);
      const secret = await tlsSecret({ site, provider }, ctx);
      const annotations = { [ISSUED_FOR]: [...names, ...addresses].join(' ') };
      await api.apply({ ...secret, metadata: { ...secret.metadata, annotations } });
      for (const name of await stalePods(ctx)) await api.remove({ ...POD, name });
    });
  },
});

const POD = { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE };

export function decideCertificate(_: unknown, { tls, stale }: CertificateFacts): Decision {
  const issue: Change = { action: tls === 'absent' ? 'create' : 'update', what: SECRET, grade: 'known', secret: true };
  // Its pods are put out with it: nginx reads it when it starts.
  if (tls !== 'good') return { is: 'changes', changes: [issue] };
  if (stale.length === 0) return { is: 'done', reason: 'it is for where the app answers' };
  return { is: 'changes', changes: stale.map(name => ({ action: 'delete', what: podWhat(name), grade: 'known' })) };
}

async function observe(site: Site, provider: Provider, ctx: Ctx): Promise<CertificateFacts> {
  const facts = await secretFacts(await appNames(site, provider), ctx);
  return { tls: facts[TLS_SECRET] ?? 'absent', stale: await stalePods(ctx) };
}

/** By the cluster's own clock. Of a certificate that came with its pods nothing is known, and nothing needed. */
async function stalePods(ctx: Ctx): Promise<string[]> {
  const api = await ctx.cluster(ctx.target.site);
  const secret = await ourObject(api, secretRef(TLS_SECRET));
  const issued = secret?.metadata.annotations?.[ISSUED_FOR] === undefined ? undefined : writtenAt(secret);
  if (issued === undefined) return [];
  const pods = await api.list({ ...POD, labelSelector: 'app.kubernetes.io/component=frontend' });
  return pods
    .filter(
      ({ metadata }) =>
        metadata.deletionTimestamp === undefined && Date.parse(String(metadata.creationTimestamp)) < issued,
    )
    .map(({ metadata }) => metadata.name);
}

function writtenAt({ metadata }: KubeObject): number | undefined {
  const fields = Array.isArray(metadata.managedFields) ? metadata.managedFields.filter(isRecord) : [];
  const times = fields.map(({ time }) => Date.parse(String(time))).filter(time => !Number.isNaN(time));
  return times.length > 0 ? Math.max(...times) : undefined;
}
