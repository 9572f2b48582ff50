import type { AnyStep, Ctx, Step, Target } from '../../engine/index.ts';
import { isOpsError, oneLine } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import {
  bucketName,
  healthProblem,
  listening,
  replicaOf,
  sharedOf,
  storeFiles,
  storeSecrets,
} from '../../store/index.ts';
import { minutes, seconds } from '../../time/index.ts';
import { hardenSite, observeBucket, takeKeys } from './bucket.ts';
import {
  type BucketFacts,
  type BucketWant,
  decideBucket,
  decideServer,
  KEYS_OF_SITE,
  type ServerFacts,
  type ServerWant,
} from './decide.ts';
import { exists, isMade, makeStore, movePort } from './make.ts';
import { serverProcess } from './process.ts';
import { startServer } from './server.ts';

/** store.server (local stores only), store.replica (where one is named), store.bucket. None is removed with a site. */
export function storeSteps(site: Site): AnyStep[] {
  const store = site.backup?.store;
  if (!store) return [];
  if (store.kind === 'local') return [serverStep(site, store.port), bucketStep(site, ['store.server'])];
  const replica = replicaOf(site);
  if (!replica) return [bucketStep(site, [])];
  // S3 copies only into a bucket that is there, and keeps versions.
  return [replicaStep(replica), bucketStep(site, ['store.replica'])];
}

/** state.bucket: of a site without backups. It is not removed with the site either. */
export function stateSteps(site: Site): AnyStep[] {
  const shared = site.backup ? undefined : sharedOf(site);
  if (!shared) return [];
  return [{ ...bucketStep(shared, []), id: 'state.bucket', title: 'Have the bucket of the shared state, hardened' }];
}

const target = (site: Site): Target => ({ site: site.name, kind: 'site', name: site.name });

function serverStep(site: Site, port: number | undefined): Step<ServerWant, ServerFacts> {
  return {
    id: 'store.server',
    title: 'Run the store of the backups',
    target: target(site),
    want: { ...(port !== undefined && { port }) },
    needs: [{ step: 'artifact.versitygw', scope: 'same' }],
    deadline: minutes(2),
    observe: ctx => observeServer(site, ctx),
    decide: decideServer,
    async apply(change, ctx) {
      await ctx.effect(change, async () => {
        if (change.action === 'create') return makeStore(site, ctx);
        if (change.action === 'update') return movePort(site, Number(change.to), ctx);
        return startServer(site, ctx);
      });
    },
  };
}

async function observeServer(site: Site, { run, secrets }: Ctx): Promise<ServerFacts> {
  const files = storeFiles(run.dirs.project, site.name);
  const here = await exists(files.dir);
  const known = await listening(here ? storeSecrets(files) : secrets);
  const silent = known && (await healthProblem(known, seconds(2)));
  const seen = { ...(known && { port: known.port }), ...(silent !== undefined && { silent }) };
  if (!here) return { home: known ? 'elsewhere' : 'none', ...seen };
  const process = await serverProcess(files);
  return { home: (await isMade(files)) ? 'here' : 'none', ...seen, ...(process && { process }) };
}

function bucketWant(site: Site): BucketWant {
  const store = site.backup?.store;
  const strict = store?.kind === 's3' && store.lockMode === 'compliance' && store.lock !== undefined;
  return { name: bucketName(site), ...(strict && { compliance: store.lock ?? 0 }) };
}

const replicaStep = (replica: Site): Step<BucketWant, BucketFacts> => ({
  ...bucketStep(replica, []),
  id: 'store.replica',
  title: 'Have the replica of the bucket, hardened',
});

function bucketStep(site: Site, after: readonly string[]): Step<BucketWant, BucketFacts> {
  return {
    id: 'store.bucket',
    title: 'Have the bucket of the backups, hardened',
    target: target(site),
    want: bucketWant(site),
    needs: after.map(step => ({ step, scope: 'same' })),
    deadline: minutes(2),
    async observe(ctx) {
      try {
        return await observeBucket(site, ctx);
      } catch (error) {
        if (isOpsError(error, 'STORE_UNREACHABLE')) return { silent: oneLine(error), keys: false, elsewhere: false };
        throw error;
      }
    },
    decide: decideBucket,
    async apply(change, ctx) {
      await ctx.effect(change, () => (change.what === KEYS_OF_SITE ? takeKeys(site, ctx) : hardenSite(site, ctx)));
    },
  };
}
