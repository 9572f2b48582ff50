/** Hosts: the provider interface and its implementers. */

import type { Dirs } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import { containerProvider } from './container/provider.ts';
import { existingProvider } from './existing/provider.ts';
import type { Provider } from './provider.ts';
import { qemuProvider } from './qemu/provider.ts';

export type { Endpoint, EndpointKind, Machine, Provider, Resource, Tags } from './provider.ts';

/** The provider of a site. */
export function providerOf(site: Site, dirs: Dirs): Provider {
  switch (site.provider.kind) {
    case 'qemu':
      return qemuProvider(site, dirs);
    case 'container':
      return containerProvider(site, dirs);
    case 'existing':
      return existingProvider(site);
  }
}
