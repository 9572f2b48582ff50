import type { AnyStep, Change, Ctx, Decision, Need, Shell, Step } from '../../engine/index.ts';
import type { Provider } from '../../host/provider.ts';
import type { Site } from '../../inventory/index.ts';
import type { Duration } from '../../time/index.ts';
import type { K3sArtifacts } from './artifacts.ts';

/** What the steps of one server share. */
export interface Server {
  site: Site;
  provider: Provider;
  artifacts: K3sArtifacts;
  /** Its machine and node. */
  name: string;
  /** Of all its steps: the machine is there. */
  needs: readonly Need[];
}

export const ROOT = { sudo: true } as const;

interface HostStep<W, F> {
  id: string;
  title: string;
  want: W;
  /** Of the same host. */
  after?: readonly string[];
  needs?: readonly Need[];
  deadline: Duration;
  destroys?: boolean;
  /** `removing`: the want is absent. */
  observe(ctx: Ctx, removing: boolean): Promise<F>;
  decide(want: W | undefined, facts: F): Decision;
  act(change: Change, shell: Shell, ctx: Ctx): Promise<unknown>;
}

const same = (ids: readonly string[]) => ids.map((step): Need => ({ step, scope: 'same' }));

/**
 * A step of one host. When machines of ours are destroyed, removal is the machine's own: nothing is asked of a host that goes away
 * with all that is on it, and the step of the machine is what sees it gone.
 */
export function hostStep<W, F>(server: Server, spec: HostStep<W, F>): AnyStep {
  const { id, title, want, deadline, destroys } = spec;
  const { owned } = server.provider;
  const step: Step<W, F | undefined> = {
    id,
    title,
    target: { site: server.site.name, kind: 'host', name: server.name },
    want,
    needs: [...server.needs, ...(spec.needs ?? []), ...same(spec.after ?? [])],
    deadline,
    ...(destroys !== undefined && { destroys }),
    async observe(ctx) {
      const removing = this.want === undefined;
      return removing && owned && ctx.run.verb === 'destroy' ? undefined : spec.observe(ctx, removing);
    },
    decide: (wanted, facts) =>
      facts === undefined ? { is: 'done', reason: 'goes with its machine' } : spec.decide(wanted, facts),
    apply: (change, ctx) =>
      ctx.effect(change, async () => void (await spec.act(change, await ctx.shell(server.name), ctx))),
  };
  return step;
}
