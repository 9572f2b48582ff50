/**
 * `node bench/restore.ts SITE`, in the checkout of a lab that has a set: how long muster's steps take to bring data back,
 * against Velero and pgBackRest alone. THE DATA OF THE SITE IS LOST FOR EACH, and comes back from the set.
 */
import { resolve } from 'node:path';
import { CLAIM, clusterOf, NAMESPACE, POD, STATEFUL_SET } from '../lib/backup/postgres/names.ts';
import { isRecord, removeAndSee } from '../lib/cluster/index.ts';
import { loseDatabase, loseNamespace } from '../lib/drill/lose.ts';
import { databaseSteps, dataSteps } from '../lib/drill/restore.ts';
import type { AnyStep, ClusterApi, Ctx, Decision, KubeObject } from '../lib/engine/index.ts';
import type { Site } from '../lib/inventory/index.ts';
import { chosenSet, type InSession, inSession, openSite, rebuildOf } from '../lib/site/index.ts';
import { minutes } from '../lib/time/index.ts';

/** One after the other, so that a machine which gets slower meets both alike; the fastest counts. */
const ROUNDS = 2;

/** The tool alone, in muster's engine, so that both pay for the journal. */
function alone(site: Site, id: string, act: (api: ClusterApi, ctx: Ctx) => Promise<void>): AnyStep {
  let over = false;
  return {
    ...{ id, title: id, target: clusterOf(site), want: {}, deadline: minutes(30) },
    observe: async () => over,
    decide: (_, seen): Decision =>
      seen
        ? { is: 'done', reason: 'it ran' }
        : { is: 'changes', changes: [{ action: 'run', what: id, grade: 'known' }] },
    apply: (change, ctx) =>
      ctx.effect(change, async () => {
        await act(await ctx.cluster(site.name), ctx);
        over = true;
      }),
  };
}

const until = (ctx: Ctx, what: string, is: () => Promise<boolean>) =>
  ctx.wait({
    what,
    deadline: minutes(20),
    hint: './muster kubectl get pods -A',
    probe: async () => ((await is()) ? { value: true } : { saw: 'not yet' }),
  });

const phaseOf = ({ status }: Partial<KubeObject> = {}) => (isRecord(status) ? status.phase : undefined);

async function over(api: ClusterApi, ref: Parameters<ClusterApi['get']>[0], good: string): Promise<boolean> {
  const phase = phaseOf(await api.get(ref));
  if (/Failed/.test(String(phase))) throw new Error(`${ref.kind} ${ref.name} is ${phase}`);
  return phase === good;
}

const RESTORE = { apiVersion: 'velero.io/v1', kind: 'Restore', namespace: 'velero' };

/** Of the same words as the Restore of muster's that ran before it. */
const veleroAlone = (site: Site): AnyStep =>
  alone(site, 'bench.velero', async (api, ctx) => {
    const [own] = (await api.list(RESTORE)).sort((a, b) => (madeAt(a) > madeAt(b) ? -1 : 1));
    if (!own) throw new Error('cannot measure Velero alone: it restored nothing yet');
    const { namespace, name } = { ...RESTORE, name: `bench-${ctx.run.id.toLowerCase().slice(-8)}` };
    await api.apply({ ...own, metadata: { namespace, name }, status: undefined });
    await until(ctx, 'the Restore', () => over(api, { ...RESTORE, name }, 'Completed'));
  });

const madeAt = ({ metadata }: KubeObject) => String(metadata.creationTimestamp);

const FILL = `set -eu
mkdir -m 0700 "$PGDATA"
pgbackrest --stanza="$(cat /etc/pgbackrest/stanza)" --pg1-path="$PGDATA" restore`;

/** As a person would: into the empty volume, and PostgreSQL replays all that there is. Nothing is compared. */
const pgBackRestAlone = (site: Site): AnyStep =>
  alone(site, 'bench.pgbackrest', async (api, ctx) => {
    const pod = fillPod(await api.get(STATEFUL_SET));
    const ref = { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, name: pod.metadata.name };
    await api.apply(pod);
    await until(ctx, 'pgbackrest restore', () => over(api, ref, 'Succeeded'));
    await api.scale(STATEFUL_SET, 1);
    await until(ctx, 'all WAL replayed', () => isOpen(api).catch(() => false));
    await removeAndSee(api, ref, ctx);
  });

/** A pod of the database's own, which does this instead. */
function fillPod(set: KubeObject | undefined): KubeObject {
  const spec = isRecord(set?.spec) && isRecord(set.spec.template) ? set.spec.template.spec : undefined;
  const [main] = isRecord(spec) && Array.isArray(spec.containers) ? spec.containers.filter(isRecord) : [];
  if (!isRecord(spec) || !main) throw new Error(`cannot measure pgBackRest alone: no ${STATEFUL_SET.name}`);
  const { startupProbe, readinessProbe, ports, ...container } = main;
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: NAMESPACE, name: 'bench-restore' } },
    spec: { ...spec, restartPolicy: 'Never', containers: [{ ...container, command: ['sh', '-c', FILL] }] },
  };
}

async function isOpen(api: ClusterApi): Promise<boolean> {
  const argv = ['psql', '-XqAt', '-d', 'postgres', '-c', 'SELECT pg_is_in_recovery()'];
  return (await api.exec({ namespace: NAMESPACE, name: POD }, argv)).stdout.text.trim() === 'f';
}

type Measure = (name: string, loss: AnyStep, back: readonly AnyStep[]) => Promise<void>;

const name = process.argv[2];
if (name === undefined) throw new Error('cannot measure: node bench/restore.ts SITE, whose data is lost for it');
const open = await openSite({
  project: resolve(import.meta.dirname, '..'),
  name,
  signal: new AbortController().signal,
  emit: () => undefined,
});
const { site } = open;

async function bench({ apply }: InSession): Promise<Map<string, number>> {
  const { manifest } = await chosenSet(open, {});
  const { steps, answers, heartbeat } = await rebuildOf(site, open);
  const fastest = new Map<string, number>();
  const timed: Measure = async (what, loss, back) => {
    await apply([loss]);
    const start = performance.now();
    await apply(back);
    fastest.set(what, Math.min(fastest.get(what) ?? Number.POSITIVE_INFINITY, performance.now() - start));
  };
  const data = dataSteps(site, manifest, steps);
  const namespace = loseNamespace(site, NAMESPACE);
  await timed(
    'muster, with Velero',
    namespace,
    data.filter(({ id }) => id === 'velero.restore'),
  );
  await timed('Velero alone', namespace, [veleroAlone(site)]);
  await apply(data);
  const database = loseDatabase(site, { workload: STATEFUL_SET, claim: CLAIM.name });
  for (let round = 0; round < ROUNDS; round++) {
    await timed('muster, with pgBackRest', database, databaseSteps(site, manifest));
    await timed('pgBackRest alone', database, [pgBackRestAlone(site)]);
  }
  // The last data must be what muster compared.
  await timed('muster, with pgBackRest', database, databaseSteps(site, manifest));
  await apply(steps, step => answers(step) || heartbeat(step));
  return fastest;
}

function print(fastest: ReadonlyMap<string, number>): void {
  console.log('bringing data back, against the tool alone; at most max(1 %, 2 s) more (the fastest)');
  for (const tool of ['Velero', 'pgBackRest']) {
    const [own, raw] = [fastest.get(`muster, with ${tool}`) ?? 0, fastest.get(`${tool} alone`) ?? 0];
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
    const more = `${(own / raw).toFixed(2)}x, ${seconds(own - raw)} more`;
    console.log(
      `  ${tool.padEnd(12)} alone ${seconds(raw).padStart(8)}   with muster ${seconds(own).padStart(8)}   ${more}`,
    );
  }
}

try {
  if (site.environment !== 'lab') throw new Error(`cannot measure: ${name} is no lab, and would lose its data`);
  const options = { retain: true, confirmed: true };
  await inSession(open, 'bench restore', options, async session => print(await bench(session)));
} finally {
  await open.close();
}
