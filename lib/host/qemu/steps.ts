import { rm } from 'node:fs/promises';
import type { AnyStep, Ctx, Need, Step, Target } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { HostWant, Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { exists } from '../exists.ts';
import { findMachineImage, makeMachineImage } from '../machine-image/index.ts';
import { kill, powerOff, reach, startMachine, waitForSsh } from './boot.ts';
import { createDisk, createIdentity, diskWhole } from './create.ts';
import { decideDisk, decideIdentity, decideImage, decidePower, decideSsh, type PowerWant } from './decide.ts';
import { type Identity, machineFiles, readIdentity } from './identity.ts';
import { observePower, type Power } from './observe.ts';

/** Image, then for each machine: who it is, its disk, its process, its SSH. */
export function machineSteps(site: Site, hosts: readonly HostWant[], wanted: boolean): AnyStep[] {
  const perHost = hosts.flatMap(host => [identityStep, diskStep, powerStep, sshStep].map(make => make(site, host)));
  const steps = [imageStep(site), ...perHost];
  return wanted ? steps : steps.map(({ want: _, ...step }): AnyStep => step);
}

const target = (site: Site, name: string): Target => ({ site: site.name, kind: 'host', name });
const after = (step: string): Need[] => [{ step, scope: 'same' }];

function imageStep(site: Site): Step<{ site: string }, { key?: string }> {
  const needs = ['artifact.k3s', 'artifact.images'].map((step): Need => ({ step, scope: 'all' }));
  return {
    id: 'machine.image',
    title: 'Make the machine image: Debian with k3s and the container images',
    target: { site: site.name, kind: 'site', name: site.name },
    want: { site: site.name },
    needs,
    deadline: minutes(20),
    async observe(ctx) {
      if (this.want === undefined) return {};
      const found = await findMachineImage(site, ctx);
      return found ? { key: found.key } : {};
    },
    decide: decideImage,
    async apply(change, ctx) {
      await ctx.effect(change, () => makeMachineImage(site, ctx));
    },
  };
}

function identityStep(
  site: Site,
  host: HostWant,
): Step<{ name: string }, { name: string; uuid?: string; folder: boolean }> {
  return {
    id: 'machine.identity',
    title: `Name ${host.name}: UUID, ports, keys`,
    target: target(site, host.name),
    want: { name: host.name },
    deadline: minutes(1),
    destroys: true,
    async observe({ run }) {
      const identity = await readIdentity(run.dirs.state, host.name);
      const folder = await exists(machineFiles(run.dirs.state, host.name).dir);
      return { name: host.name, folder, ...(identity && { uuid: identity.uuid }) };
    },
    decide: decideIdentity,
    async apply(change, ctx) {
      const { dir } = machineFiles(ctx.run.dirs.state, host.name);
      await ctx.effect(change, () =>
        change.action === 'delete' ? rm(dir, { recursive: true, force: true }) : createIdentity(site, host, ctx),
      );
    },
  };
}

function diskStep(site: Site, host: HostWant): Step<{ name: string }, { name: string; whole: boolean }> {
  return {
    id: 'machine.disk',
    title: `Make the disk of ${host.name}`,
    target: target(site, host.name),
    want: { name: host.name },
    needs: [...after('machine.identity'), { step: 'machine.image', scope: 'all' }],
    deadline: minutes(5),
    observe: async ({ run }) => ({ name: host.name, whole: await diskWhole(run.dirs.state, host.name) }),
    decide: decideDisk,
    async apply(change, ctx) {
      const [identity, image] = await Promise.all([known(host.name, ctx), findMachineImage(site, ctx)]);
      if (!image)
        throw new OpsError('MACHINE_DAMAGED', `cannot make the disk of ${host.name}: the machine image is gone`);
      await ctx.effect(change, () => createDisk(identity, host, image, ctx));
    },
  };
}

function powerStep(site: Site, host: HostWant): AnyStep {
  return { ...powerOf(site, host, 'on'), id: 'machine.power', needs: after('machine.disk') };
}

/** On: started. Off: powered down cleanly. Kill, and removal: as a loss of power. */
export function powerOf(
  site: Site,
  host: HostWant,
  power: PowerWant['power'],
): Step<PowerWant, { name: string; power: Power }> {
  return {
    id: `machine.${power}`,
    title: power === 'on' ? `Start ${host.name}` : `Stop ${host.name}`,
    target: target(site, host.name),
    want: { name: host.name, power },
    deadline: minutes(3),
    async observe({ run }) {
      const identity = await readIdentity(run.dirs.state, host.name);
      return { name: host.name, power: await observePower(identity, machineFiles(run.dirs.state, host.name)) };
    },
    decide: decidePower,
    async apply(change, ctx) {
      const wanted = this.want?.power;
      await ctx.effect(change, async () => {
        if (wanted === 'on') return startMachine(site, host, await known(host.name, ctx), ctx);
        if (wanted === 'off') return powerOff(host.name, await known(host.name, ctx), ctx);
        return kill(host.name, await readIdentity(ctx.run.dirs.state, host.name), ctx);
      });
    },
  };
}

function sshStep(site: Site, host: HostWant): Step<{ name: string }, { name: string; saw?: string }> {
  return {
    id: 'machine.ssh',
    title: `Reach ${host.name} by SSH`,
    target: target(site, host.name),
    want: { name: host.name },
    needs: after('machine.power'),
    deadline: minutes(2),
    async observe(ctx) {
      return { name: host.name, ...(this.want !== undefined && (await reach(host.name, ctx))) };
    },
    decide: decideSsh,
    async apply(change, ctx) {
      const identity = await known(host.name, ctx);
      await ctx.effect(change, () => waitForSsh(host.name, identity, ctx));
    },
  };
}

async function known(name: string, { run }: Ctx): Promise<Identity> {
  const identity = await readIdentity(run.dirs.state, name);
  if (identity) return identity;
  throw new OpsError('HOST_ABSENT', `cannot find the machine ${name} in ${run.dirs.state}`);
}
