import { removeAndSee } from '../cluster/index.ts';
import type { AnyStep, Change, ClusterApi, Ctx, KubeObject, KubeRef, Need, Step } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { type Duration, minutes } from '../time/index.ts';
import { differences } from './compare.ts';
import { type AddonFacts, decideAddon, NOT_BROUGHT, type ObjectSeen, ROLLOUT } from './decide.ts';
import { isBrought, KINDS, kindsOf, liveObjects, owned, refOf, sameObject } from './manifest.ts';
import { hasPods, objectName, rolloutOpen } from './rollout.ts';
import { type Open, waitUntilItWorks } from './wait.ts';

/** Something that runs on a cluster, as its manifests. */
export interface Addon<W = unknown> {
  /** 'coredns': its step is addon.coredns, and all its objects have the label app.kubernetes.io/name. */
  name: string;
  title: string;
  /** Absent: it is to be gone. */
  want?: W;
  /** In the order in which they are applied. May ask hosts and secrets; whatever it throws makes the step unknown. */
  objects(want: W, ctx: Ctx): Promise<readonly KubeObject[]>;
  /** Given when the distribution brings it: the workload by which it is known. Then nothing of ours is applied. */
  brought?: KubeRef;
  /** What is missing until it works, beside the rollout of its workloads. Throws what waiting cannot mend. */
  proof?(api: ClusterApi, ctx: Ctx): Promise<readonly string[]>;
  /** Beside cluster.ready. */
  needs?: readonly Need[];
  deadline?: Duration;
}

/** ONE step for an add-on: every field that its manifests set is as they say, and what they start works. */
export function addonStep<W>(site: Site, addon: Addon<W>): AnyStep {
  const { name, title, want, needs = [], deadline = minutes(5) } = addon;
  const step: Step<W, AddonFacts | undefined> = {
    id: `addon.${name}`,
    title,
    target: { site: site.name, kind: 'cluster', name: site.name },
    ...(want !== undefined && { want }),
    needs: [{ step: 'cluster.ready', scope: 'same' }, ...needs],
    deadline,
    async observe(ctx) {
      // A cluster that is destroyed takes its add-ons along; its own steps see it gone.
      if (this.want === undefined && ctx.run.verb === 'destroy') return undefined;
      return observeAddon(addon, this.want, ctx);
    },
    decide: decideAddon,
    apply: (change, ctx) => ctx.effect(change, () => act(addon, change, ctx)),
  };
  return step;
}

async function observeAddon<W>(addon: Addon<W>, want: W | undefined, ctx: Ctx): Promise<AddonFacts> {
  const { site } = ctx.target;
  if (addon.brought) return observeBrought(addon, addon.brought, await ctx.cluster(site), ctx);
  if (want === undefined) {
    const api = await ctx.cluster(site);
    const live = await liveObjects(api, addon.name, KINDS);
    return { objects: [], extra: live.map(objectName).reverse(), open: [] };
  }
  // At once: what a manifest asks of a host travels with the other questions to it.
  const [api, objects] = await Promise.all([ctx.cluster(site), rendered(addon, want, ctx)]);
  const [live, proof] = await Promise.all([
    liveObjects(api, addon.name, kindsOf(objects)),
    addon.proof?.(api, ctx) ?? [],
  ]);
  const extra = live.filter(other => !objects.some(object => sameObject(object, other)));
  const seen = objects.map((object): ObjectSeen => {
    const found = live.find(other => sameObject(object, other));
    const differs = found ? differences(object, found) : [];
    return { name: objectName(object), is: !found ? 'absent' : differs.length > 0 ? { differs } : 'same' };
  });
  return {
    objects: seen,
    extra: extra.map(objectName),
    open: [...live.flatMap(object => rolloutOpen(object) ?? []), ...proof],
  };
}

/** Seen and left alone: only whether it works is asked. */
async function observeBrought<W>(addon: Addon<W>, ref: KubeRef, api: ClusterApi, ctx: Ctx): Promise<AddonFacts> {
  const [live, proof] = await Promise.all([api.get(ref), addon.proof?.(api, ctx) ?? []]);
  if (live && !isBrought(live))
    throw new OpsError('CLUSTER_REFUSED', `cannot take ${objectName(live)} as k3s's own: it lacks k3s's mark`, {
      hint: 'someone replaced it: remove it, and k3s brings its own again',
    });
  const open = live ? [rolloutOpen(live) ?? [], ...proof].flat() : [];
  return { brought: live !== undefined, objects: [], extra: [], open };
}

async function rendered<W>({ name, objects }: Addon<W>, want: W, ctx: Ctx): Promise<KubeObject[]> {
  return (await objects(want, ctx)).map(object => owned(object, name));
}

async function act<W>(addon: Addon<W>, change: Change, ctx: Ctx): Promise<void> {
  const { want } = addon;
  const api = await ctx.cluster(ctx.target.site);
  if (change.action === 'delete') {
    const kinds = KINDS.filter(({ kind }) => change.what.startsWith(`${kind} `));
    const found = (await liveObjects(api, addon.name, kinds)).find(object => objectName(object) === change.what);
    if (found) await removeAndSee(api, refOf(found), ctx);
    return;
  }
  if (change.what === ROLLOUT) return waitUntilItWorks(addon.name, ctx, await lookFor(addon, want, ctx));
  if (want === undefined) return;
  const object = (await rendered(addon, want, ctx)).find(other => objectName(other) === change.what);
  if (object) await api.apply(object);
}

/** Only the workloads and the proof: what was written is compared again afterwards. */
async function lookFor<W>(addon: Addon<W>, want: W | undefined, ctx: Ctx): Promise<(api: ClusterApi) => Promise<Open>> {
  const { name, brought, proof } = addon;
  const objects = brought || want === undefined ? [] : await rendered(addon, want, ctx);
  const wanted = objects.filter(hasPods);
  return async api => {
    const [live, points] = await Promise.all([
      brought ? api.get(brought).then(found => (found ? [found] : [])) : liveObjects(api, name, kindsOf(wanted)),
      proof?.(api, ctx) ?? [],
    ]);
    const absent = brought
      ? live.length > 0
        ? []
        : [NOT_BROUGHT]
      : wanted
          .filter(object => !live.some(other => sameObject(object, other)))
          .map(object => `${objectName(object)}: absent`);
    return { open: [...absent, ...live.flatMap(object => rolloutOpen(object) ?? []), ...points], workloads: live };
  };
}
