import { join } from 'node:path';
import type { Resource } from '../../lib/host/provider.ts';
import type { OpenSite } from '../../lib/site/index.ts';
import { newEnv, newWorld, type World } from '../engine/world.ts';

export interface Opened {
  open: OpenSite;
  world: World;
}

/** A site in a folder of the test's own, with a provider that has what it is told. */
export function openWorld(
  dir: string,
  environment: 'lab' | 'staging',
  list: () => Promise<Resource[]> = async () => [],
): Opened {
  const world = newWorld();
  const state = join(dir, '.muster', 'test');
  const env = newEnv(world, state);
  const dirs = { project: dir, state, cache: join(dir, 'cache') };
  const open = {
    site: { name: 'test', environment, provider: { kind: 'qemu' }, hosts: [], cluster: { kind: 'k3s' } },
    dirs,
    provider: { kind: 'qemu', owned: true, steps: () => [], list },
    ports: env.ports,
    signal: env.signal,
    emit: env.emit,
    env: (run: typeof env.run) => ({ ...env, run }),
  } as unknown as OpenSite;
  return { open, world };
}
