import { hopeless, podsOf, type Trouble, troubles } from '../../addon/pods.ts';
import { rolloutOpen, WORKLOADS } from '../../addon/rollout.ts';
import { type Check, type CheckResult, partOf, runChecks } from '../../backup/index.ts';
import type { ClusterApi, KubeObject } from '../../engine/index.ts';
import { isOpsError } from '../../errors/index.ts';
import { minutes, wait } from '../../time/index.ts';
import type { Drill } from '../scenario.ts';

/**
 * L6 of namespaces of which muster knows nothing but their objects: what ran there runs again. A rehearsal's fence lets
 * nothing be pulled, and nothing outside be asked: what does not run there is neither well nor broken.
 */
export async function workloadResults(drill: Drill, namespaces: readonly string[]): Promise<CheckResult[]> {
  const objects = partOf(drill.set.manifest, 'velero')?.facts.objects ?? [];
  const checks = namespaces.flatMap((namespace): Check<Drill>[] => {
    const count = objects.filter(one => one.namespace === namespace && WORKLOADS.includes(one.kind)).length;
    if (count === 0) return [];
    return [
      {
        id: `workloads.${namespace}`,
        title: `What ran in ${namespace} runs again`,
        source: 'site',
        level: 'L6',
        required: drill.mode !== 'rehearse',
        expected: `${count} workloads, all of their pods ready`,
        look: of => look(of, namespace),
      },
    ];
  });
  return runChecks(checks, drill);
}

type Seen = Awaited<ReturnType<Check<Drill>['look']>>;

async function look({ target, mode }: Drill, namespace: string): Promise<Seen> {
  const { site, ports, signal } = target;
  const api = await ports.cluster(site.name);
  let last: State = { all: 0, open: ['nothing was seen'], final: false };
  const probe = async () => {
    last = await stateOf(api, namespace);
    return last.open.length === 0 || last.final ? { value: last } : { saw: last.open.join('; ') };
  };
  const deadline = minutes(mode === 'rehearse' ? 2 : 5);
  const hint = `./muster kubectl --site ${site.name} -n ${namespace} get pods`;
  const what = `the workloads of ${namespace}`;
  await wait({ what, deadline, every: 1000, hint, probe }, { clock: ports.clock, signal }).catch(error => {
    if (!isOpsError(error, 'WAIT_TIMEOUT')) throw error;
  });
  const { all, open } = last;
  if (open.length === 0) return { state: 'passed', got: `${all} workloads, all of their pods ready` };
  const got = `not all of ${all} workloads run`;
  if (mode === 'rehearse')
    return { state: 'unrun', code: 'CHECK_UNRUN', got: `${got}, behind the fence`, details: open };
  return { state: 'failed', code: 'WORKLOAD_BROKEN', got, details: open };
}

interface State {
  all: number;
  /** What is missing, and why, in words. */
  open: readonly string[];
  /** Waiting does not help. */
  final: boolean;
}

async function stateOf(api: ClusterApi, namespace: string): Promise<State> {
  const all = (await Promise.all(WORKLOADS.map(kind => api.list({ apiVersion: 'apps/v1', kind, namespace })))).flat();
  const open = all.filter(object => rolloutOpen(object) !== undefined);
  const found = (await Promise.all(open.map(workload => troublesOf(api, workload)))).flat();
  const words = found.map(
    ({ where, reason, message }) => `${where}: ${reason}${message && ` (${message.slice(0, 200)})`}`,
  );
  return {
    all: all.length,
    open: [...open.flatMap(object => rolloutOpen(object) ?? []), ...words],
    final: hopeless(found, 0, () => 0) !== undefined,
  };
}

/** Of all of its pods: those of two templates came back in the same second, and which is the present one is not told. */
async function troublesOf(api: ClusterApi, workload: KubeObject): Promise<Trouble[]> {
  const { current, old } = await podsOf(api, workload);
  return [...current, ...old].flatMap(troubles);
}
