import { imageRefs } from '../../artifact/index.ts';
import type { AnyStep, Change, ClusterApi, Ctx, Decision, KubeObject } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Fence } from '../../host/fence.ts';
import { minutes } from '../../time/index.ts';
import { FIELD_MANAGER, MANAGED_BY } from '../api/client.ts';
import { isRecord } from '../api/words.ts';
import { isOn, readyPods } from '../node-shell.ts';
import { FENCE_WINDOW, fenceObjects, TAINT } from './fence-objects.ts';
import { clusterStamp } from './identity.ts';
import { changes, done, type Eks, known } from './site.ts';
import { after, eksStep } from './step.ts';

/** Of the lock: what has a shell and nsenter. */
const IMAGE = 'debian-base';

export interface FenceFacts {
  /** The rehearsal whose fence is there; undefined: there is none. */
  stamp?: string;
  /** Nodes on which it is not raised. */
  open: readonly string[];
  /** Nodes that nothing restored may run on yet. */
  closed: readonly string[];
}

const RAISE = 'fence of the nodes';
const LET = 'pods onto ';

/**
 * eks.fence: nodes come with a taint, and lose it when their fence is raised; so none that comes later runs what was restored
 * without one.
 */
export function fenceStep(eks: Eks, fence: Fence): AnyStep {
  return eksStep<{ name: string }, FenceFacts>(eks, {
    id: 'eks.fence',
    title: 'Fence the nodes: their pods reach the store, and nothing else outside',
    want: { name: fence.name },
    needs: after('eks.kubeconfig', 'eks.access', ...eks.want.nodes.map(({ name }) => `eks.nodes.${name}`)),
    deadline: minutes(10),
    nothing: { open: [], closed: [] },
    // It goes with the cluster.
    observe: async (ctx, removing) => (removing ? { open: [], closed: [] } : observe(await ctx.cluster(eks.site.name))),
    decide: decideFence,
    act: (change, ctx) => act(eks, fence, change, ctx),
  });
}

export function decideFence(want: { name: string } | undefined, { stamp, open, closed }: FenceFacts): Decision {
  if (want === undefined) return done('it goes with the cluster');
  const raise = known({ action: 'create', what: RAISE });
  const waits = stamp === want.name && open.length === 0 ? [] : [raise];
  return changes(
    [...waits, ...closed.map(node => known({ action: 'run', what: `${LET}${node}` }))],
    `raised for ${want.name}`,
  );
}

async function observe(api: ClusterApi): Promise<FenceFacts> {
  const [stamp, nodes, pods] = await Promise.all([
    clusterStamp(api),
    api.list({ apiVersion: 'v1', kind: 'Node' }),
    readyPods(FENCE_WINDOW, api),
  ]);
  const names = nodes.map(({ metadata }) => metadata.name);
  return {
    ...(stamp !== undefined && { stamp }),
    open: names.filter(name => !pods.some(pod => isOn(pod, name))),
    closed: nodes.filter(node => taintsOf(node).some(isFence)).map(({ metadata }) => metadata.name),
  };
}

async function act(eks: Eks, fence: Fence, change: Change, ctx: Ctx): Promise<void> {
  const api = await ctx.cluster(eks.site.name);
  if (change.what !== RAISE) return letOn(change.what.slice(LET.length), api);
  const image = (await imageRefs(eks.site, ctx.run.dirs.project))[IMAGE];
  if (image === undefined) throw new OpsError('LOCK_NO_VERSION', `cannot fence the nodes: the lock has no ${IMAGE}`);
  for (const object of fenceObjects({ fence, image })) await api.apply(object);
  await ctx.wait({
    what: 'the fence of every node',
    deadline: minutes(8),
    every: 1000,
    hint: `./muster kubectl --site ${eks.site.name} -n ${FENCE_WINDOW.namespace} get pods -l ${FENCE_WINDOW.labelSelector} -o wide`,
    probe: async () => {
      const { open } = await observe(api);
      return open.length === 0 ? { value: true } : { saw: `not raised on ${open.join(', ')}` };
    },
  });
}

/** Errors: FENCE_OPEN: it was raised a moment ago. */
async function letOn(name: string, api: ClusterApi): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'Node', name };
  const [node, { open }] = await Promise.all([api.get(ref), observe(api)]);
  if (!node || open.includes(name))
    throw new OpsError('FENCE_OPEN', `cannot let pods onto ${name}: its fence is not raised`);
  // The kubelet holds its taints; what is ours is taken from others.
  const ours = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { [MANAGED_BY]: FIELD_MANAGER } } };
  await api.apply(ours);
  await api.apply({ ...ours, spec: { taints: taintsOf(node).filter(taint => !isFence(taint)) } });
}

const taintsOf = ({ spec }: KubeObject): Record<string, unknown>[] =>
  isRecord(spec) && Array.isArray(spec.taints) ? spec.taints.filter(isRecord) : [];
const isFence = ({ key }: Record<string, unknown>) => key === TAINT.key;
