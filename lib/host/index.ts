/** Hosts: the provider interface and its implementers. */

import type { Dirs } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import { containerProvider } from './container/provider.ts';
import { existingProvider } from './existing/provider.ts';
import type { Fence } from './fence.ts';
import type { Provider } from './provider.ts';
import { qemuProvider } from './qemu/provider.ts';

export { FENCE_COUNTER, FENCE_TABLE, type Fence, STAMP_PATH } from './fence.ts';
export type { Endpoint, EndpointKind, Machine, Provider, Resource, Tags } from './provider.ts';

/** The provider of a site. `fence`: of a rehearsal; machines that are not made here have none. */
export function providerOf(site: Site, dirs: Dirs, fence?: Fence): Provider {
  switch (site.provider.kind) {
    case 'qemu':
      return qemuProvider(site, dirs, fence);
    case 'container':
      return containerProvider(site, dirs, fence);
    case 'existing':
      return existingProvider(site);
  }
}
