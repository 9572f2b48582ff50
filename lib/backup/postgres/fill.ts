import { isRecord, removeAndSee, seeGone } from '../../cluster/index.ts';
import type { ClusterApi, Ctx, KubeObject } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import type { Postgres } from '../source.ts';
import { POD_REF } from './archiving.ts';
import { checksAtPoint, checksAtTime } from './checks.ts';
import { type Filling, markOf } from './mark.ts';
import { CONTAINER, NAMESPACE, STATEFUL_SET } from './names.ts';
import { compare, keep, restoreCommand, waitForTarget } from './paused.ts';
import { placeInfo } from './point.ts';
import { retiredKeys, stanzaFile } from './repository.ts';
import { logOf, podPostgres } from './server.ts';

const NAME = 'postgres-restore';
/** Annotation: JSON of the mark. */
const MARK = 'muster.lab/restore';
const REF = { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, name: NAME };

/**
 * A pod of the database's own kind fills the volume beside what is there, and starts on its socket only, paused at the
 * target. What it holds is compared, and only then it gets its name. Errors: RESTORE_UNFIT, RESTORE_FAILED.
 */
export async function fill(filling: Filling, api: ClusterApi, ctx: Ctx): Promise<void> {
  await removeRestorePod(api, ctx);
  await placeInfo(await ctx.store(filling.site.name), filling.part.facts);
  const mark = JSON.stringify(markOf(filling, ctx));
  const { facts } = filling.part;
  const retired = (await retiredKeys(ctx.secrets)).find(({ stanza }) => stanza === facts.pgbackrest.stanza);
  const workload = (await api.get(STATEFUL_SET)) ?? (await filling.workload?.(ctx));
  const pod = restorePod(workload, restoreCommand(facts, mark, filling), mark);
  await api.apply(retired ? ofStanza(pod, retired.stanza) : pod);
  try {
    const postgres = podPostgres(api, filling.site.name, NAME);
    ctx.progress('copying the base backup, then replaying WAL up to the target');
    await waitForTarget(postgres, { ended: () => ended(api), log: () => logOf(api, NAME) }, ctx);
    await standBy(api, 1);
    ctx.progress('comparing the data at its point');
    const { part, at } = filling;
    const results = await compare(at ? checksAtTime(part, at) : checksAtPoint(part), postgres);
    await finish(api, postgres, at, results, ctx);
  } catch (error) {
    // Then nothing can be asked any more; `./muster restore discard` does it.
    ctx.signal.throwIfAborted();
    // The other way round it would take what was there for what it waits for.
    if (await standBy(api, 0)) await seeGone(api, POD_REF, ctx, minutes(4));
    await removeRestorePod(api, ctx);
    throw error;
  }
}

/**
 * The database's own pod is made while the data is compared, and waits: images/postgres/start-postgres, for the lock that the
 * restore holds. On a cluster that is rebuilt its workload may not be back yet: false.
 */
async function standBy(api: ClusterApi, replicas: 0 | 1): Promise<boolean> {
  if (!(await api.get(STATEFUL_SET))) return false;
  await api.scale(STATEFUL_SET, replicas);
  return true;
}

/** This run's pod put the directory in place, and ended; it stays as the sign of it until the database runs. */
export async function isFilled(filling: Filling, api: ClusterApi, ctx: Ctx): Promise<boolean> {
  const pod = await api.get(REF);
  const annotations = isRecord(pod?.metadata.annotations) ? pod.metadata.annotations : {};
  return annotations[MARK] === JSON.stringify(markOf(filling, ctx)) && (await ended(api)) === '';
}

async function finish(
  api: ClusterApi,
  postgres: Postgres,
  at: Date | undefined,
  results: Awaited<ReturnType<typeof compare>>,
  ctx: Ctx,
): Promise<void> {
  await keep(postgres, at ? 'target' : 'latest', results);
  await ctx.wait({
    what: 'the restored directory with its name',
    deadline: minutes(5),
    hint: `kubectl logs -n ${NAMESPACE} ${NAME}`,
    probe: async () => {
      const how = await ended(api);
      if (how === undefined) return { saw: 'PostgreSQL stops, and the directory is renamed' };
      if (how !== '') throw failed(how);
      return { value: true };
    },
  });
}

const failed = (how: string) => new OpsError('RESTORE_FAILED', `cannot put the restored database in place: ${how}`);

/** undefined: it runs, or starts; '' it ended well; else what it said last. */
async function ended(api: ClusterApi): Promise<string | undefined> {
  const pod = await api.get(REF);
  const status = isRecord(pod?.status) ? pod.status : {};
  if (!pod) return 'its pod is gone';
  if (status.phase === 'Succeeded') return '';
  if (status.phase !== 'Failed') return undefined;
  const containers = Array.isArray(status.containerStatuses) ? status.containerStatuses.filter(isRecord) : [];
  const state = isRecord(containers[0]?.state) ? containers[0].state : {};
  const { message, exitCode, reason } = isRecord(state.terminated) ? state.terminated : {};
  return `${String(message ?? status.message ?? reason ?? 'no reason given').trim()} (exit status ${exitCode})`;
}

/** The same with an archive that was ended: pgBackRest's file knows it, and its name is the one that the pod reads. */
export function ofStanza(pod: KubeObject, stanza: string): KubeObject {
  const spec = isRecord(pod.spec) ? pod.spec : {};
  const volumes = (Array.isArray(spec.volumes) ? spec.volumes : []).filter(isRecord).map(volume => {
    if (volume.name !== 'pgbackrest' || !isRecord(volume.secret)) return volume;
    const items = ['pgbackrest.conf', 'ca.crt'].map(key => ({ key, path: key }));
    return { ...volume, secret: { ...volume.secret, items: [...items, { key: stanzaFile(stanza), path: 'stanza' }] } };
  });
  return { ...pod, spec: { ...spec, volumes } };
}

export const restorePodIsThere = async (api: ClusterApi): Promise<boolean> => (await api.get(REF)) !== undefined;

export const removeRestorePod = (api: ClusterApi, ctx: Ctx): Promise<void> => removeAndSee(api, REF, ctx);

/** As the database's own, but for what starts in it; no Service and no StatefulSet takes it for the database. */
export function restorePod(set: KubeObject | undefined, command: readonly string[], mark: string): KubeObject {
  const spec = isRecord(set?.spec) ? set.spec : {};
  const template = isRecord(spec.template) ? spec.template : {};
  const pod = isRecord(template.spec) ? template.spec : {};
  const [main] = (Array.isArray(pod.containers) ? pod.containers : []).filter(isRecord);
  if (main?.name !== CONTAINER)
    throw new OpsError('RESTORE_TARGET', `cannot restore: ${NAMESPACE}/postgres has no container '${CONTAINER}'`);
  const { startupProbe, readinessProbe, livenessProbe, ports, ...rest } = main;
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      labels: { 'app.kubernetes.io/component': NAME, 'velero.io/exclude-from-backup': 'true' },
      annotations: { [MARK]: mark },
    },
    spec: {
      ...pod,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 10,
      containers: [{ ...rest, command, terminationMessagePolicy: 'FallbackToLogsOnError' }],
    },
  };
}
