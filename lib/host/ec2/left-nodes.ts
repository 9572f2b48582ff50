import type { Change, Ctx, Decision } from '../../engine/index.ts';
import { minutes } from '../../time/index.ts';
import { isOver } from './leaks.ts';
import { removeWhole } from './patience.ts';
import { after, type Cloud, changes, done, leftStep, repeat } from './step.ts';
import { roleOf, type Tagged } from './tags.ts';

const PREFIX = 'eks/nodes/';

/** Of a node group, its launch template, and what is made of that. */
export const nodesRole = (group: string): string => `${PREFIX}${group}`;

/** undefined: nobody looked. */
export interface LeftNodesFacts {
  /** Machines, their disks and interfaces: ids. */
  machines?: readonly string[];
  /** Launch templates: ids. */
  templates?: readonly string[];
}

const AWAIT = 'wait for the machines of node groups to be gone';

/**
 * ec2.nodes: nothing of its own while the site stands. In a removal, after the node groups: EKS may call one gone before its last
 * machine is; and a launch template may have outlived its cluster. Machines are not ended here: whose group is there still has
 * another in their place.
 * @param needs steps that make the network.
 */
export const leftNodesStep = (cloud: Cloud, needs: readonly string[]) =>
  leftStep<LeftNodesFacts>(cloud, {
    id: 'ec2.nodes',
    title: 'Remove what node groups left',
    needs: after(...needs),
    look: () => observe(cloud),
    decide: decideLeftNodes,
    changes: ['instances', 'volumes', 'interfaces', 'templates'],
    apply: (change, ctx) => apply(cloud, change, ctx),
  });

/** Asked now: EKS changes them, and the steps of its groups. */
async function observe({ view }: Cloud): Promise<LeftNodesFacts> {
  const [instances, volumes, interfaces, templates] = await Promise.all([
    view.look('instances'),
    view.look('volumes'),
    view.look('interfaces'),
    view.look('templates'),
  ]);
  const ofNodes = (row: Tagged) => roleOf(row).startsWith(PREFIX) && !isOver(row);
  return {
    machines: [
      ...instances.filter(ofNodes).map(({ InstanceId = '' }) => InstanceId),
      ...volumes.filter(ofNodes).map(({ VolumeId = '' }) => VolumeId),
      ...interfaces.filter(ofNodes).map(({ NetworkInterfaceId = '' }) => NetworkInterfaceId),
    ],
    templates: templates.map(({ LaunchTemplateId = '' }) => LaunchTemplateId),
  };
}

const shown = (id: string) => `launch template ${id}`;

export function decideLeftNodes(want: object | undefined, { machines = [], templates = [] }: LeftNodesFacts): Decision {
  if (want !== undefined) return done('nothing of its own');
  const waits = machines.length > 0 ? [{ action: 'run', what: AWAIT, from: machines.join(', ') } as const] : [];
  const list = [...waits, ...templates.map(id => ({ action: 'delete', what: shown(id) }) as const)];
  return list.length > 0 ? changes(...list) : done('there is nothing');
}

async function apply(cloud: Cloud, { what }: Change, ctx: Ctx): Promise<unknown> {
  if (what === AWAIT)
    return ctx.wait({
      what: 'the machines of node groups to be gone',
      deadline: minutes(10),
      every: 2000,
      hint: 'end what nobody ends, in the console, and run again',
      probe: async () => {
        const { machines = [] } = await observe(cloud);
        return machines.length > 0 ? { saw: machines.join(', ') } : { value: true };
      },
    });
  const LaunchTemplateId = what.slice(shown('').length);
  return removeWhole(
    what,
    () => repeat(cloud, `remove the ${what}`, sdk => new sdk.DeleteLaunchTemplateCommand({ LaunchTemplateId })),
    async () => (await cloud.view.look('templates')).some(one => one.LaunchTemplateId === LaunchTemplateId),
    ctx,
  );
}
