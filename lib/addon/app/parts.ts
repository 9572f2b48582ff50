import { FIELD_MANAGER, MANAGED_BY, ourObject } from '../../cluster/index.ts';
import type { AnyStep, Need } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { type AddonFacts, decideAddon, ROLLOUT } from '../decide.ts';
import { refOf } from '../manifest.ts';
import { addonStep } from '../step.ts';
import { type App, NAMESPACE, render } from './app.ts';
import { certificateHash } from './secrets.ts';

/** app.namespace: made first; without want it goes with everything in it. */
export const namespaceStep = ({ site }: App): AnyStep => ({
  ...addonStep(site, {
    name: 'app',
    title: "Make the app's namespace",
    want: {},
    async objects(_, ctx) {
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
      const live = await ourObject(await ctx.cluster(site.name), refOf(object));
      // What we label is what we remove one day, with everything in it.
      if (live && live.metadata.labels?.[MANAGED_BY] !== FIELD_MANAGER)
        throw new OpsError('CLUSTER_REFUSED', `cannot use the namespace ${NAMESPACE}: it was not made by muster`, {
          hint: `kubectl get all -n ${NAMESPACE}: whose is it?`,
        });
      return [object];
    },
  }),
  id: 'app.namespace',
  destroys: true,
});

/** app.database: PostgreSQL runs. */
export const databaseStep = (app: App, needs: readonly Need[]): AnyStep => ({
  ...addonStep(app.site, {
    name: 'app-database',
    title: "Run the app's database",
    want: {},
    needs,
    objects: async (_, ctx) => (await render(app, ctx)).database,
  }),
  id: 'app.database',
});

/** app.backend: the API, and the account and volume that its Jobs share. */
export const backendStep = (app: App, needs: readonly Need[]): AnyStep =>
  applied({
    ...addonStep(app.site, {
      name: 'app-backend',
      title: "Deploy the app's API",
      want: {},
      needs,
      async objects(_, ctx) {
        const { base, backend } = await render(app, ctx);
        return [...base.filter(({ kind }) => kind !== 'Namespace'), ...backend];
      },
    }),
    id: 'app.backend',
  });

/** app.frontend: the page, over TLS. */
export const frontendStep = (app: App, needs: readonly Need[]): AnyStep =>
  applied({
    ...addonStep(app.site, {
      name: 'app-frontend',
      title: "Deploy the app's page",
      want: {},
      needs,
      objects: async (_, ctx) => (await render(app, ctx, await certificateHash(ctx))).frontend,
    }),
    id: 'app.frontend',
  });

/** Written, and not waited for: it becomes ready when the data is in, and app.answers sees it. */
export const applied = (step: AnyStep): AnyStep => ({
  ...step,
  decide(want, facts: AddonFacts | undefined) {
    const decision = decideAddon(want, facts && { ...facts, open: [] });
    if (decision.is === 'done')
      return { ...decision, reason: `${facts?.objects.length} objects as in their manifests` };
    if (decision.is !== 'changes') return decision;
    return { ...decision, changes: decision.changes.filter(({ what }) => what !== ROLLOUT) };
  },
});
