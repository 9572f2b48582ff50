import type { Aws, Command, Sdk } from '../../aws/index.ts';
import type { AnyStep, Change, Ctx, Decision, Need } from '../../engine/index.ts';
import type { Ec2Want, Site } from '../../inventory/index.ts';
import { type Duration, minutes } from '../../time/index.ts';
import type { Fence } from '../fence.ts';
import { type Looking, looking } from '../unseen.ts';
import { newTags } from './tags.ts';
import type { Kind, View } from './view.ts';

/** What the steps of one site in AWS share. */
export interface Cloud {
  site: Site;
  want: Ec2Want;
  aws: Aws;
  view: View;
  /** Of a rehearsal. */
  fence?: Fence;
}

interface CloudStep<W, F> extends Looking<W, F> {
  id: string;
  title: string;
  /** A machine; absent: the step is the site's. */
  host?: string;
  needs?: readonly Need[];
  deadline: Duration;
  destroys?: boolean;
  apply(change: Change, ctx: Ctx): Promise<unknown>;
  /** What an effect of this step changes. */
  changes: readonly Kind[];
}

export function cloudStep<W, F>({ site, view }: Cloud, spec: CloudStep<W, F>): AnyStep {
  const { id, title, host, needs, deadline, destroys } = spec;
  return {
    id,
    title,
    target: { site: site.name, kind: host === undefined ? 'site' : 'host', name: host ?? site.name },
    ...looking(spec),
    ...(needs && { needs }),
    deadline,
    ...(destroys !== undefined && { destroys }),
    async apply(change, ctx) {
      await ctx.effect(change, async () => {
        try {
          await spec.apply(change, ctx);
        } finally {
          view.forget(...spec.changes);
        }
      });
    },
  };
}

/**
 * Nothing of its own while the site stands. In a removal it looks, as it is asked to then: what others left in the network goes
 * before it. `needs`: steps that make the network.
 */
export const leftStep = <F extends object>(
  cloud: Cloud,
  {
    look,
    ...spec
  }: Omit<CloudStep<object, Partial<F>>, 'want' | 'deadline' | 'destroys' | 'nothing' | 'observe'> & {
    look(): Promise<Partial<F>>;
  },
): AnyStep =>
  cloudStep<object, Partial<F>>(cloud, {
    ...spec,
    want: {},
    deadline: minutes(15),
    destroys: true,
    nothing: {},
    observe: (_, removing) => (removing ? look() : Promise.resolve({})),
  });

/** The same step without its want: what it makes is to be gone. */
export function without(step: AnyStep): AnyStep {
  const { want: _, ...rest } = step;
  return rest;
}

export const after = (...steps: string[]): Need[] => steps.map((step): Need => ({ step, scope: 'all' }));

type Taggable =
  | 'vpc'
  | 'subnet'
  | 'internet-gateway'
  | 'route-table'
  | 'natgateway'
  | 'elastic-ip'
  | 'security-group'
  | 'key-pair'
  | 'instance'
  | 'volume'
  | 'network-interface';

/** One call to EC2. `again`: a second one finds the first, or is refused without harm. */
export const ask = <Output>(
  { aws }: Cloud,
  what: string,
  make: (sdk: Sdk<'ec2'>) => Command<Output>,
  again = false,
): Promise<Output> => aws.call('ec2', what, make, { again });

/** The same for what takes nothing away and makes nothing: asked again until an answer comes. */
export const repeat = <Output>(cloud: Cloud, what: string, make: (sdk: Sdk<'ec2'>) => Command<Output>) =>
  ask(cloud, what, make, true);

/** Tags that travel with the request that makes it. */
export const tagged = ({ site, want }: Cloud, ctx: Ctx, role: string, ...types: Taggable[]) => ({
  TagSpecifications: types.map(ResourceType => ({
    ResourceType,
    Tags: newTags(site, want, role, ctx.run),
  })),
});

export const done = (reason: string): Decision => ({ is: 'done', reason });
export const unknown = (reason: string): Decision => ({ is: 'unknown', reason });
export const changes = (...all: (Omit<Change, 'grade'> & Partial<Pick<Change, 'grade'>>)[]): Decision => ({
  is: 'changes',
  changes: all.map(change => ({ grade: 'known', ...change })),
});

/** Two of what is to be one: which of them the site uses, nobody can tell. */
export const twice = (what: string, ids: readonly (string | undefined)[]): Decision =>
  unknown(`there are ${ids.length} of ${what}: ${ids.join(', ')}; remove the one that nothing uses`);
