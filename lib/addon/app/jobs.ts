import { removeAndSee } from '../../cluster/index.ts';
import type { ClusterApi, Ctx, KubeObject, Need, Step } from '../../engine/index.ts';
import { minutes } from '../../time/index.ts';
import { liveObjects, owned, refOf, sameObject } from '../manifest.ts';
import { jobFailed, objectName, rolloutOpen } from '../rollout.ts';
import { waitUntilItWorks } from '../wait.ts';
import { type App, render } from './app.ts';
import { readData } from './database.ts';
import { type Data, decideMigrate, decideSeed, type MigrateFacts } from './decide.ts';
import { neededMigration } from './health.ts';
import { seedMark } from './manifests/want.ts';

/** app.migrate: roles, tables and grants are what this image needs. */
export const migrateStep = (app: App, needs: readonly Need[]): Step<object, MigrateFacts> => ({
  id: 'app.migrate',
  title: "Migrate the app's database",
  target: { site: app.site.name, kind: 'cluster', name: app.site.name },
  want: {},
  needs,
  deadline: minutes(10),
  async observe(ctx) {
    const [needed, data] = await Promise.all([neededMigration(ctx.run.dirs.project), readData(app, ctx)]);
    return { needed, data };
  },
  decide: decideMigrate,
  apply: (change, ctx) => ctx.effect(change, async () => runJob('app-migrate', (await render(app, ctx)).migrate, ctx)),
});

/** app.seed: the data of the inventory is in, once. */
export const seedStep = (app: App, needs: readonly Need[]): Step<{ mark: string }, Data> => ({
  id: 'app.seed',
  title: "Seed the app's data",
  target: { site: app.site.name, kind: 'cluster', name: app.site.name },
  want: { mark: seedMark(app.seed) },
  needs,
  deadline: minutes(10),
  observe: ctx => readData(app, ctx),
  decide: decideSeed,
  apply: (change, ctx) => ctx.effect(change, async () => runJob('app-seed', (await render(app, ctx)).seed, ctx)),
});

const isOver = (job: KubeObject) => rolloutOpen(job) === undefined || jobFailed(job) !== undefined;

/** The data said that it has to run: a Job that ended before, whatever its image, is no answer and is taken away. */
async function runJob(name: string, object: KubeObject, ctx: Ctx): Promise<void> {
  const job = owned(object, name);
  const api = await ctx.cluster(ctx.target.site);
  const live = await liveObjects(api, name, [job]);
  // One of the same name that still runs is ours, of a run that was killed: it is waited for.
  for (const old of live.filter(other => isOver(other) || !sameObject(job, other))) {
    ctx.progress(`removing ${objectName(old)} of an earlier run`);
    await removeAndSee(api, refOf(old), ctx);
  }
  await api.apply(job);
  await waitUntilItWorks(name, ctx, async (now: ClusterApi) => {
    const found = await now.get(refOf(job));
    if (!found) return { open: [`${objectName(job)}: absent`], workloads: [] };
    return { open: [rolloutOpen(found) ?? []].flat(), workloads: [found] };
  });
}
