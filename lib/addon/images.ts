import { imageRefs } from '../artifact/index.ts';
import { isLabBinary } from '../cluster/index.ts';
import type { Ctx, KubeRef } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';

/** Image references by their names in the lock. */
export type Images = (ctx: Ctx) => Promise<Readonly<Record<string, string>>>;

export const siteImages =
  (site: Site): Images =>
  ctx =>
    imageRefs(site, ctx.run.dirs.project);

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
