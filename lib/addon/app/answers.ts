import { ourObject } from '../../cluster/index.ts';
import type { ClusterApi, Ctx, KubeObject, Need, Step } from '../../engine/index.ts';
import { minutes } from '../../time/index.ts';
import { rolloutOpen } from '../rollout.ts';
import { waitUntilItWorks } from '../wait.ts';
import { type App, NAMESPACE } from './app.ts';
import { type AnswerFacts, decideAnswers, missingOf } from './decide.ts';
import { neededMigration } from './health.ts';
import { seedMark } from './manifests/want.ts';

const SERVERS = ['app-backend', 'app-frontend'];

/** app.answers: seen from outside, over TLS that the site's authority vouches for, with its data. */
export function answersStep(app: App, needs: readonly Need[]): Step<{ mark: string }, AnswerFacts> {
  const mark = seedMark(app.seed);
  return {
    id: 'app.answers',
    title: 'See the app answer',
    target: { site: app.site.name, kind: 'cluster', name: app.site.name },
    want: { mark },
    needs,
    deadline: minutes(5),
    observe: async ctx => (await look(app, ctx)).facts,
    decide: decideAnswers,
    apply: (change, ctx) =>
      ctx.effect(change, () =>
        waitUntilItWorks('the app', ctx, async () => {
          const { facts, workloads } = await look(app, ctx);
          return { open: missingOf(mark, facts), workloads };
        }),
      ),
  };
}

async function look(app: App, ctx: Ctx): Promise<{ facts: AnswerFacts; workloads: KubeObject[] }> {
  const api = await ctx.cluster(ctx.target.site);
  const [health, workloads, needed] = await Promise.all([
    app.health(ctx),
    servers(api),
    neededMigration(ctx.run.dirs.project),
  ]);
  const absent = SERVERS.filter(name => !workloads.some(({ metadata }) => metadata.name === name));
  const open = [
    ...absent.map(name => `Deployment ${NAMESPACE}/${name}: absent`),
    ...workloads.flatMap(object => rolloutOpen(object) ?? []),
  ];
  return { facts: { ...health, needed, open }, workloads };
}

async function servers(api: ClusterApi): Promise<KubeObject[]> {
  const refs = SERVERS.map(name => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: NAMESPACE, name }));
  return (await Promise.all(refs.map(ref => ourObject(api, ref)))).filter(found => found !== undefined);
}
