import { rm } from 'node:fs/promises';
import type { Ctx } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { seconds } from '../../time/index.ts';
import { exists } from '../exists.ts';
import type { Fence } from '../fence.ts';
import { machineDir, readIdentity } from '../identity.ts';
import { findMachineImage, makeMachineImage } from '../machine-image/index.ts';
import type { Again, Machinery } from '../machinery.ts';
import { waitUntilGone } from '../reach.ts';
import { startMachine } from './boot.ts';
import { createDisk, createIdentity, diskWhole } from './create.ts';
import { machineFiles, type QemuIdentity } from './identity.ts';
import { diskOperations, observePower, processRuns } from './observe.ts';
import { qmp } from './qmp.ts';

/** Virtual machines: an overlay on a base, a process found by its UUID, power by QMP. */
export function qemuMachinery(site: Site, fence?: Fence): Machinery {
  const dir = (name: string, { run }: Ctx) => machineDir(run.dirs.state, name);
  const files = (name: string, { run }: Ctx) => machineFiles(run.dirs.state, name);
  const power = async (name: string, ctx: Ctx) =>
    observePower(await readIdentity(ctx.run.dirs.state, name), files(name, ctx));
  const started = new Map<string, Again>();
  const machinery: Machinery = {
    image: {
      title: 'Make the machine image: Debian with k3s and the container images',
      find: ctx => findMachineImage(site, ctx),
      make: ctx => makeMachineImage(site, ctx),
    },
    createIdentity: (host, ctx) => createIdentity(site, host, ctx),
    diskWhole: (name, { run }) => diskWhole(run.dirs.state, name),
    createDisk: (host, ctx) => createDisk(site, host, fence, ctx),
    left: (name, ctx) => exists(dir(name, ctx)),
    remove: (name, ctx) => rm(dir(name, ctx), { recursive: true, force: true }),
    power,
    async start(host, identity, ctx) {
      const start = (now: Ctx) => startMachine(site, host, identity as QemuIdentity, now);
      await start(ctx);
      started.set(host.name, {
        done: now => diskOperations(files(host.name, now)),
        start: now => machinery.kill(host.name, now).then(() => start(now)),
        answered: () => started.delete(host.name),
      });
    },
    again: name => started.get(name),
    /** Or none: what does not power off is named, not killed. */
    async off(name, ctx) {
      const seen = await power(name, ctx);
      if (seen.is === 'off') return;
      await qmp(files(name, ctx).qmp, 'system_powerdown');
      await waitUntilGone(name, seen.pid, machinery, seconds(30), ctx);
    },
    async kill(name, ctx) {
      const seen = await power(name, ctx);
      if (seen.is === 'off') return;
      process.kill(seen.pid, 'SIGKILL');
      await waitUntilGone(name, seen.pid, machinery, seconds(5), ctx);
    },
    runs: processRuns,
    console: (name, ctx) => files(name, ctx).serial,
  };
  return machinery;
}
