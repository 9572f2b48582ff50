import type { AnyStep, Need, Step, Target } from '../engine/index.ts';
import type { HostWant, Site } from '../inventory/index.ts';
import { minutes } from '../time/index.ts';
import {
  decideDisk,
  decideIdentity,
  decideImage,
  decidePower,
  decideSsh,
  type Power,
  type PowerWant,
} from './decide.ts';
import { knownIdentity, readIdentity } from './identity.ts';
import type { Machinery } from './machinery.ts';
import { reach, reachSoon, waitForSsh } from './reach.ts';

/** Image, then for each machine of this computer: who it is, its disk, its process, its SSH. */
export function machineSteps(site: Site, hosts: readonly HostWant[], machinery: Machinery, wanted: boolean): AnyStep[] {
  const make = [identityStep, diskStep, powerStep, sshStep];
  const perHost = hosts.flatMap(host => make.map(step => step(site, host, machinery)));
  const steps = [imageStep(site, machinery), ...perHost];
  return wanted ? steps : steps.map(({ want: _, ...step }): AnyStep => step);
}

const target = (site: Site, name: string): Target => ({ site: site.name, kind: 'host', name });
const after = (step: string): Need[] => [{ step, scope: 'same' }];

function imageStep(site: Site, { image }: Machinery): Step<{ site: string }, { key?: string }> {
  const needs = ['artifact.k3s', 'artifact.images'].map((step): Need => ({ step, scope: 'all' }));
  return {
    id: 'machine.image',
    title: image.title,
    target: { site: site.name, kind: 'site', name: site.name },
    want: { site: site.name },
    needs,
    deadline: minutes(20),
    async observe(ctx) {
      if (this.want === undefined) return {};
      const found = await image.find(ctx);
      return found ? { key: found.key } : {};
    },
    decide: decideImage,
    async apply(change, ctx) {
      await ctx.effect(change, () => image.make(ctx));
    },
  };
}

function identityStep(
  site: Site,
  host: HostWant,
  machinery: Machinery,
): Step<{ name: string }, { name: string; uuid?: string; folder: boolean }> {
  return {
    id: 'machine.identity',
    title: `Name ${host.name}: UUID, ports, keys`,
    target: target(site, host.name),
    want: { name: host.name },
    deadline: minutes(5),
    destroys: true,
    async observe(ctx) {
      const identity = await readIdentity(ctx.run.dirs.state, host.name);
      const folder = await machinery.left(host.name, ctx);
      return { name: host.name, folder, ...(identity && { uuid: identity.uuid }) };
    },
    decide: decideIdentity,
    async apply(change, ctx) {
      await ctx.effect(change, () =>
        change.action === 'delete' ? machinery.remove(host.name, ctx) : machinery.createIdentity(host, ctx),
      );
    },
  };
}

function diskStep(
  site: Site,
  host: HostWant,
  machinery: Machinery,
): Step<{ name: string }, { name: string; whole: boolean }> {
  return {
    id: 'machine.disk',
    title: `Make the disk of ${host.name}`,
    target: target(site, host.name),
    want: { name: host.name },
    needs: [...after('machine.identity'), { step: 'machine.image', scope: 'all' }],
    deadline: minutes(5),
    observe: async ctx => ({ name: host.name, whole: await machinery.diskWhole(host.name, ctx) }),
    decide: decideDisk,
    async apply(change, ctx) {
      await ctx.effect(change, () => machinery.createDisk(host, ctx));
    },
  };
}

function powerStep(site: Site, host: HostWant, machinery: Machinery): AnyStep {
  return { ...powerOf(site, host, machinery, 'on'), id: 'machine.power', needs: after('machine.disk') };
}

/** On: started. Off: powered down cleanly. Kill, and removal: as a loss of power. */
export function powerOf(
  site: Site,
  host: HostWant,
  machinery: Machinery,
  power: PowerWant['power'],
): Step<PowerWant, { name: string; power: Power }> {
  return {
    id: `machine.${power}`,
    title: power === 'on' ? `Start ${host.name}` : `Stop ${host.name}`,
    target: target(site, host.name),
    want: { name: host.name, power },
    deadline: minutes(3),
    observe: async ctx => ({ name: host.name, power: await machinery.power(host.name, ctx) }),
    decide: decidePower,
    async apply(change, ctx) {
      const wanted = this.want?.power;
      await ctx.effect(change, async () => {
        if (wanted === 'off') return machinery.off(host.name, ctx);
        if (wanted !== 'on') return machinery.kill(host.name, ctx);
        return machinery.start(host, await knownIdentity(ctx.run.dirs.state, host.name), ctx);
      });
    },
  };
}

function sshStep(
  site: Site,
  host: HostWant,
  machinery: Machinery,
): Step<{ name: string }, { name: string; saw?: string }> {
  return {
    id: 'machine.ssh',
    title: `Reach ${host.name} by SSH`,
    target: target(site, host.name),
    want: { name: host.name },
    needs: after('machine.power'),
    deadline: minutes(2),
    async observe(ctx) {
      const look = machinery.again?.(host.name) ? reachSoon : reach;
      return { name: host.name, ...(this.want !== undefined && (await look(host.name, ctx))) };
    },
    decide: decideSsh,
    async apply(change, ctx) {
      await ctx.effect(change, () => waitForSsh(host.name, machinery, ctx));
    },
  };
}
