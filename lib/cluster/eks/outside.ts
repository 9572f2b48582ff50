import type { AnyStep, ClusterApi, KubeObject, KubeRef } from '../../engine/index.ts';
import { isOpsError, oneLine } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import { isRecord } from '../api/words.ts';
import { refName } from '../gone.ts';
import { until } from './patience.ts';
import { changes, done, type Eks, known } from './site.ts';
import { after, eksStep } from './step.ts';

/** What Kubernetes made in the account behind everybody's back: it goes while there is a Kubernetes to remove it. */
export interface OutsideFacts {
  /** undefined: nothing was asked, or the cluster does not answer. */
  left?: readonly KubeRef[];
  why?: string;
}

const NAME = 'what Kubernetes made in the account: volumes, load balancers';

/** eks.outside: nothing of its own while the site stands; in a removal the first to go. */
export function outsideStep(eks: Eks): AnyStep {
  const { name } = eks.site;
  return eksStep<object, OutsideFacts>(eks, {
    id: 'eks.outside',
    title: 'Remove volumes and load balancers',
    want: {},
    // Their controllers run on nodes: in a removal this is before those.
    needs: after('eks.kubeconfig', 'eks.nodes-left', ...eks.want.nodes.map(group => `eks.nodes.${group.name}`)),
    deadline: minutes(15),
    destroys: true,
    nothing: {},
    async observe(ctx, removing) {
      if (!removing) return {};
      try {
        return { left: await outside(await ctx.cluster(name)) };
      } catch (error) {
        if (isOpsError(error, 'CLUSTER_NO_KUBECONFIG') || isOpsError(error, 'CLUSTER_UNREACHABLE'))
          return { why: oneLine(error) };
        // Whoever removes what others left may have no way in.
        if (ctx.run.verb === 'reap' && isOpsError(error, 'CLUSTER_REFUSED')) return { why: oneLine(error) };
        throw error;
      }
    },
    decide(want, { left, why }) {
      if (want !== undefined) return done('nothing of its own');
      // The leak check asks the account itself: what is left here is found there.
      if (!left) return done(`not asked: ${why ?? 'there is no cluster'}`);
      return changes(left.length > 0 ? [known({ action: 'delete', what: NAME, from: words(left) })] : [], 'none');
    },
    act: (_, ctx) =>
      until(ctx, `${NAME} gone`, minutes(10), async () => {
        const api = await ctx.cluster(name);
        const left = await outside(api);
        if (left.length === 0) return { value: true };
        // Whoever uses a volume goes with its namespace; where that stays, it holds the claim until it goes itself.
        for (const ref of await users(api, left)) await api.remove(ref);
        for (const ref of left) if (ref.kind !== 'PersistentVolume') await api.remove(ref);
        return { saw: words(left) };
      }),
  });
}

const words = (refs: readonly KubeRef[]) => refs.map(refName).join(', ');

const OF_KUBERNETES = /^(default|kube-.*)$/;

/** Namespaces that hold such things, such things in the namespaces that stay, and volumes that will be removed with their claims. */
async function outside(api: ClusterApi): Promise<KubeRef[]> {
  const v1 = { apiVersion: 'v1' };
  const [services, claims, volumes] = await Promise.all([
    api.list({ ...v1, kind: 'Service' }),
    api.list({ ...v1, kind: 'PersistentVolumeClaim' }),
    api.list({ ...v1, kind: 'PersistentVolume' }),
  ]);
  const held = [...services.filter(object => spec(object).type === 'LoadBalancer'), ...claims];
  const namespaces = [...new Set(held.map(({ metadata }) => metadata.namespace ?? ''))].sort();
  const whole = namespaces.filter(name => !OF_KUBERNETES.test(name));
  const single = held.filter(({ metadata }) => OF_KUBERNETES.test(metadata.namespace ?? ''));
  const bound = volumes.filter(object => spec(object).persistentVolumeReclaimPolicy === 'Delete');
  return [
    ...whole.map(name => ({ ...v1, kind: 'Namespace', name })),
    ...[...single, ...bound].map(({ kind, metadata: { name, namespace } }) => ({
      ...v1,
      kind,
      name,
      ...(namespace !== undefined && { namespace }),
    })),
  ];
}

/** Pods that use these claims, or what would start them again. */
async function users(api: ClusterApi, left: readonly KubeRef[]): Promise<KubeRef[]> {
  const claims = left.filter(({ kind }) => kind === 'PersistentVolumeClaim');
  if (claims.length === 0) return [];
  const pods = await api.list({ apiVersion: 'v1', kind: 'Pod' });
  const using = pods.filter(pod =>
    claims.some(({ namespace, name }) => namespace === pod.metadata.namespace && claimsOf(pod).includes(name)),
  );
  return Promise.all(using.map(pod => topOf(api, pod)));
}

const claimsOf = (pod: KubeObject): unknown[] =>
  records(spec(pod).volumes).map(({ persistentVolumeClaim: claim }) => isRecord(claim) && claim.claimName);

/** Pod, ReplicaSet, Deployment: the last one that is there. */
async function topOf(api: ClusterApi, { apiVersion, kind, metadata }: KubeObject): Promise<KubeRef> {
  const { name, namespace, ownerReferences } = metadata;
  const inside = { ...(namespace !== undefined && { namespace }) };
  const owner = records(ownerReferences).find(({ controller }) => controller === true);
  const above =
    owner &&
    (await api.get({ apiVersion: `${owner.apiVersion}`, kind: `${owner.kind}`, name: `${owner.name}`, ...inside }));
  return above ? topOf(api, above) : { apiVersion, kind, name, ...inside };
}

const records = (list: unknown): Record<string, unknown>[] => (Array.isArray(list) ? list.filter(isRecord) : []);

const spec = ({ spec }: KubeObject): Record<string, unknown> => (isRecord(spec) ? spec : {});
