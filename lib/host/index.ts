/** Hosts: the provider interface and its implementers. */

import type { Aws } from '../aws/index.ts';
import type { Dirs } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { containerProvider } from './container/provider.ts';
import { ec2Provider } from './ec2/provider.ts';
import { existingProvider } from './existing/provider.ts';
import type { Fence } from './fence.ts';
import type { Provider } from './provider.ts';
import { qemuProvider } from './qemu/provider.ts';

export { FENCE_COUNTER, FENCE_TABLE, type Fence, STAMP_PATH } from './fence.ts';
export type { Endpoint, EndpointKind, Machine, Provider, Resource, Tags } from './provider.ts';

/** What a provider needs beside its site. */
export interface Around {
  /** Of a rehearsal; machines that are not made here have none. */
  fence?: Fence | undefined;
  /** The site's account, where it has one. */
  aws?: Aws | undefined;
}

/** The provider of a site. */
export function providerOf(site: Site, dirs: Dirs, { fence, aws }: Around = {}): Provider {
  switch (site.provider.kind) {
    case 'qemu':
      return qemuProvider(site, dirs, fence);
    case 'container':
      return containerProvider(site, dirs, fence);
    case 'existing':
      return existingProvider(site);
    case 'ec2':
      if (!aws) throw new OpsError('INTERNAL', `cannot open ${site.name}: nobody connected it to AWS`);
      return ec2Provider(site, site.provider, aws, fence);
  }
}
