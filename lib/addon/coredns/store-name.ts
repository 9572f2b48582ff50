import { storeServer } from '../../cluster/index.ts';
import type { AnyStep, KubeObject } from '../../engine/index.ts';
import type { Fence } from '../../host/index.ts';
import type { Site } from '../../inventory/index.ts';
import { addonStep } from '../step.ts';
import { CUSTOM } from './manifests/corefile.ts';

/** addon.store-name: behind a fence no resolver answers, and the store is let through by its address. */
export const storeNameStep = (site: Site, { name = '', address }: Fence['store']): AnyStep =>
  addonStep(site, {
    name: 'store-name',
    title: 'Let pods find the store by its name',
    want: { name, address },
    objects: async want => [storeName(want)],
  });

/** A server of its own for this one name: CoreDNS takes `hosts` once in a server, and k3s has it in its own. */
export const storeName = ({ name, address }: { name: string; address: string }): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: CUSTOM.name, namespace: 'kube-system' },
  data: { 'store.server': storeServer(name, address) },
});
