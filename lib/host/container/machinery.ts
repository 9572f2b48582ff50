import type { Ctx } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { seconds } from '../../time/index.ts';
import { exists } from '../exists.ts';
import { type Fence, plantedByFence } from '../fence.ts';
import { knownIdentity, newIdentity, readIdentity } from '../identity.ts';
import { createKeys } from '../keys.ts';
import type { Machinery } from '../machinery.ts';
import { waitUntilGone } from '../reach.ts';
import { reserve } from '../reserve.ts';
import { createRoot, removeRoot, rootWhole } from './create.ts';
import { observePower, processRuns } from './observe.ts';
import { asRoot, containerFiles, podman } from './podman.ts';
import { containerName } from './processes.ts';
import { findRootImage, makeRootImage } from './root-image.ts';
import { removeContainer, startContainer } from './start.ts';

/** Seconds that systemd has to stop what runs in it; then it is killed. */
const STOP = 30;

/** Containers with systemd: a root of the machine's own, a monitor found by its UUID, power by podman. */
export function containerMachinery(site: Site, fence?: Fence): Machinery {
  const files = (name: string, { run }: Ctx) => containerFiles(run.dirs.state, name);
  const identity = (name: string, { run }: Ctx) => knownIdentity(run.dirs.state, name);
  const power = async (name: string, ctx: Ctx) =>
    observePower(await readIdentity(ctx.run.dirs.state, name), files(name, ctx));
  const machinery: Machinery = {
    image: {
      title: 'Make the root of machines: Debian with k3s and the container images',
      find: ctx => findRootImage(site, ctx),
      make: ctx => makeRootImage(site, ctx),
    },
    async createIdentity(host, ctx) {
      const hostKey = await createKeys(site.name, host.name, ctx);
      await reserve(ctx, kept => newIdentity(site, host, hostKey, ctx, kept));
    },
    diskWhole: (name, { run }) => rootWhole(run.dirs.state, name),
    createDisk: (host, ctx) => createRoot(site, host, fence ? plantedByFence(fence) : [], ctx),
    async left(name, ctx) {
      const { dir, run } = files(name, ctx);
      return (await Promise.all([dir, run].map(exists))).includes(true);
    },
    remove: (name, ctx) => removeRoot(name, files(name, ctx), ctx),
    power,
    start: startContainer,
    async off(name, ctx) {
      const seen = await power(name, ctx);
      if (seen.is === 'off') return;
      const stop = podman(
        files(name, ctx),
        'stop',
        '-t',
        `${STOP}`,
        containerName(site.name, name, (await identity(name, ctx)).uuid),
      );
      await asRoot(stop, ctx, { timeout: seconds(STOP + 15) });
      await waitUntilGone(name, seen.pid, machinery, seconds(5), ctx);
    },
    async kill(name, ctx) {
      const seen = await power(name, ctx);
      if (seen.is === 'off') return;
      await removeContainer(files(name, ctx), await identity(name, ctx), ctx);
      await waitUntilGone(name, seen.pid, machinery, seconds(5), ctx);
    },
    runs: processRuns,
    console: (name, ctx) => files(name, ctx).console,
  };
  return machinery;
}
