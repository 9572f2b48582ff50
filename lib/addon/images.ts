import { imageRefs } from '../artifact/index.ts';
import { isLabBinary } from '../cluster/index.ts';
import type { Ctx, KubeRef, Run } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';

/** Image references by their names in the lock. */
export type Images = (ctx: Ctx) => Promise<Readonly<Record<string, string>>>;

/** Read once a run: a reference is a hash of all that its image is made of. */
export function siteImages(site: Site): Images {
  const known = new WeakMap<Run, ReturnType<Images>>();
  return ({ run }) => {
    const refs = known.get(run) ?? imageRefs(site, run.dirs.project);
    known.set(run, refs);
    return refs;
  };
}

/** Errors: LOCK_NO_VERSION when the lock does not have it for this site. */
export function imageFor(images: Readonly<Record<string, string>>, name: string): string {
  const image = images[name];
  if (image === undefined)
    throw new OpsError('LOCK_NO_VERSION', `cannot run ${name}: the lock has no image of this name`);
  return image;
}

/** A released k3s brings these itself; the lab binary brings none. */
export const broughtByK3s = (site: Site, name: string): { brought?: KubeRef } =>
  isLabBinary(site.cluster.version)
    ? {}
    : { brought: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'kube-system', name } };
