import type { ClusterApi, Ctx, KubeRef } from '../engine/index.ts';
import { type Duration, minutes } from '../time/index.ts';

/** 'Deployment kube-system/coredns', 'ClusterRole coredns'. */
export const refName = ({ kind, name, namespace }: KubeRef): string =>
  `${kind} ${namespace ? `${namespace}/` : ''}${name}`;

/** Accepted is not gone: finalizers take their time, and so does the garbage collector. Errors: WAIT_TIMEOUT. */
export async function removeAndSee(api: ClusterApi, ref: KubeRef, ctx: Ctx, deadline = minutes(2)): Promise<void> {
  await api.remove(ref);
  await seeGone(api, ref, ctx, deadline);
}

/** Errors: WAIT_TIMEOUT. */
export async function seeGone(api: ClusterApi, ref: KubeRef, ctx: Ctx, deadline: Duration): Promise<void> {
  const { kind, name, namespace } = ref;
  const within = namespace ? ` -n ${namespace}` : '';
  await ctx.wait({
    what: `${refName(ref)} gone`,
    deadline,
    hint: `./muster kubectl --site ${ctx.target.site} get ${kind} ${name}${within} -o yaml: what holds it?`,
    probe: async () => {
      const left = await api.get(ref);
      if (!left) return { value: true };
      const since = left.metadata.deletionTimestamp;
      return { saw: since === undefined ? 'still there' : `still there, deleted at ${since}` };
    },
  });
}
