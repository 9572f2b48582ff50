import { createHash } from 'node:crypto';
import type { ClusterApi, KubeObject, Step } from '../engine/index.ts';
import { isOpsError } from '../errors/index.ts';
import { minutes, seconds } from '../time/index.ts';
import { isRecord } from './api/words.ts';

/** A file of a Secret, as a container has it. */
interface Mounted {
  pod: KubeObject;
  container: string;
  path: string;
  /** Hex SHA-256 of what the Secret says now. */
  want: string;
}

/**
 * secrets.seen: whoever reads these Secrets as files has them as they are now. The kubelet takes a minute or more to
 * bring a changed Secret into a pod; a change of the pod itself makes it look at once.
 */
export const secretsSeenStep = (site: string, namespace: string, names: readonly string[]): Step<object, string[]> => ({
  id: 'secrets.seen',
  title: 'See the changed Secrets in the pods that read them',
  target: { site, kind: 'cluster', name: site },
  want: { names },
  deadline: minutes(5),
  observe: async ctx => unseen(await ctx.cluster(site), namespace, names),
  decide: (_, stale) =>
    stale.length === 0
      ? { is: 'done', reason: 'every pod has them' }
      : {
          is: 'changes',
          changes: [{ action: 'update', what: 'files of Secrets', from: stale.join(', '), grade: 'known' }],
        },
  apply: (change, ctx) =>
    ctx.effect(change, async () => {
      const api = await ctx.cluster(site);
      for (const { pod } of await mountedIn(api, namespace, names)) await nudge(api, pod, ctx.clock.now());
      await ctx.wait({
        what: 'the changed Secrets in the pods',
        deadline: minutes(4),
        every: seconds(1),
        hint: `./muster kubectl --site ${site} -n ${namespace} get pods`,
        probe: async () => {
          const stale = await unseen(api, namespace, names);
          return stale.length === 0 ? { value: true } : { saw: `${stale.join(', ')} as before` };
        },
      });
    }),
});

const nudge = (api: ClusterApi, { metadata }: KubeObject, now: number) =>
  api.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: metadata.name,
      ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
      annotations: { 'muster.lab/secrets': `${now}` },
    },
  });

/** 'postgres-0 /etc/pgbackrest/pgbackrest.conf' */
async function unseen(api: ClusterApi, namespace: string, names: readonly string[]): Promise<string[]> {
  const found = await mountedIn(api, namespace, names);
  const stale = await Promise.all(
    found.map(async ({ pod, container, path, want }) => {
      const name = pod.metadata.name;
      const has = await digest(api, { namespace, name, container }, path);
      return has === want ? [] : [`${name} ${path}`];
    }),
  );
  return stale.flat();
}

async function digest(api: ClusterApi, at: Parameters<ClusterApi['exec']>[0], path: string): Promise<string> {
  try {
    const { stdout } = await api.exec(at, ['sha256sum', path], { timeout: seconds(30) });
    return stdout.text.slice(0, 64);
  } catch (error) {
    // It is starting, or on its way out.
    if (isOpsError(error, 'CLUSTER_REFUSED')) return '';
    throw error;
  }
}

async function mountedIn(api: ClusterApi, namespace: string, names: readonly string[]): Promise<Mounted[]> {
  const [pods, secrets] = await Promise.all([
    api.list({ apiVersion: 'v1', kind: 'Pod', namespace }),
    api.list({ apiVersion: 'v1', kind: 'Secret', namespace }),
  ]);
  const running = pods.filter(({ metadata, status }) => isRunning(status) && metadata.deletionTimestamp === undefined);
  return secrets
    .filter(({ metadata }) => names.includes(metadata.name))
    .flatMap(secret => running.flatMap(pod => filesOf(pod, secret)));
}

const isRunning = (status: unknown) => isRecord(status) && status.phase === 'Running';
const records = (value: unknown) => (Array.isArray(value) ? value.filter(isRecord) : []);

function filesOf(pod: KubeObject, secret: KubeObject): Mounted[] {
  const spec = isRecord(pod.spec) ? pod.spec : {};
  const volume = records(spec.volumes).find(
    other => isRecord(other.secret) && other.secret.secretName === secret.metadata.name,
  );
  const data = isRecord(secret.data) ? secret.data : {};
  return records(spec.containers).flatMap(({ name, volumeMounts }) => {
    const mount = records(volumeMounts).find(other => other.name === volume?.name);
    if (!volume || !mount) return [];
    return Object.entries(data).map(([file, value]) => ({
      pod,
      container: String(name),
      path: `${mount.mountPath}/${file}`,
      want: createHash('sha256')
        .update(Buffer.from(String(value), 'base64'))
        .digest('hex'),
    }));
  });
}
