import type { ClusterApi, KubeObject, KubeRef } from '../engine/index.ts';
import { FIELD_MANAGER, MANAGED_BY } from './api/client.ts';

/** Every object of a kind that muster applied, in any namespace. All ask alike, so that a plan asks once a kind. */
export const oursOf = (api: ClusterApi, { apiVersion, kind }: Pick<KubeRef, 'apiVersion' | 'kind'>) =>
  api.list({ apiVersion, kind, labelSelector: `${MANAGED_BY}=${FIELD_MANAGER}` });

/** An object that muster applies: asked for by itself only where it is not among those. */
export async function ourObject(api: ClusterApi, ref: KubeRef): Promise<KubeObject | undefined> {
  const all = await oursOf(api, ref);
  const found = all.find(({ metadata }) => metadata.name === ref.name && metadata.namespace === ref.namespace);
  return found ?? api.get(ref);
}
