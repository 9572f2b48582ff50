/** Hosts: the provider interface and its implementers. */

import type { Dirs } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import { existingProvider } from './existing/provider.ts';
import type { Provider } from './provider.ts';
import { qemuProvider } from './qemu/provider.ts';

export type { Endpoint, EndpointKind, Machine, Provider, Resource, Tags } from './provider.ts';

/** The provider of a site. */
export const providerOf = (site: Site, dirs: Dirs): Provider =>
  site.provider.kind === 'qemu' ? qemuProvider(site, dirs) : existingProvider(site);
