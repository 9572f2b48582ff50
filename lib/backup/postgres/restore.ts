import { isRecord, seeGone } from '../../cluster/index.ts';
import type { AnyStep, Change, ClusterApi, Ctx, Decision, Need, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import type { PartOf } from '../set.ts';
import { POD_REF } from './archiving.ts';
import { fill, isFilled, removeRestorePod } from './fill.ts';
import { type Filling, markOf, parseMark, readMark } from './mark.ts';
import { CLAIM, clusterOf, NAMESPACE, STATEFUL_SET } from './names.ts';
import { podPostgres } from './server.ts';
import { isOpen, runs, startDatabase } from './start.ts';

const same = (...steps: string[]): Need[] => steps.map(step => ({ step, scope: 'same' }));

/**
 * `at`: a moment after the set's point, where WAL is replayed to; absent: all that there is. `archive` off: a rehearsal
 * never writes to its source's archive.
 */
export type RestoreOptions = Omit<Filling, 'part' | 'site'>;

/**
 * postgres.stop, postgres.restore: the server is away; its volume is filled and compared at the set's point before it
 * gets its name; it runs, all WAL replayed.
 */
export function postgresRestore(part: PartOf<'postgres'>, into: Site, options: RestoreOptions): AnyStep[] {
  const filling: Filling = { part, site: into, ...options };
  return [stopStep(filling), restoreStep(filling)];
}

interface Workload {
  /** Pods that the StatefulSet is to have. */
  replicas: number;
  /** Its pod is there, in whatever state. */
  pod: boolean;
  /** A volume was made for it, so that there may be data. */
  volume: boolean;
  /** This run put it in place, and nothing runs on it yet. */
  filled: boolean;
  /** What runs is what this run put in place: read inside the pod. */
  restored: boolean;
  /** It answers, and is no more in recovery. */
  open: boolean;
}

const step = (filling: Filling, rest: Pick<Step<object, Workload>, 'id' | 'title' | 'decide' | 'apply'>) =>
  ({
    target: clusterOf(filling.site),
    want: { set: filling.part.facts.restorePoint.name, at: filling.at?.toISOString() ?? 'latest' },
    deadline: minutes(30),
    observe: (ctx: Ctx) => observe(filling, ctx),
    ...rest,
  }) satisfies Step<object, Workload>;

const DONE = 'this run restored it';
const DATABASE = `database in ${NAMESPACE}/${CLAIM.name}`;

/** What lies in the volume is kept until the restored one is whole: but from here on, nobody is served. */
const stopStep = (filling: Filling): AnyStep => ({
  ...step(filling, {
    id: 'postgres.stop',
    title: 'Stop the database that is to be replaced',
    decide: decideStop,
    apply: (change, ctx) => ctx.effect(change, () => stop(ctx)),
  }),
  destroys: true,
});

export function decideStop(_: unknown, { restored, filled, replicas, pod, volume }: Workload): Decision {
  if (restored || filled) return { is: 'done', reason: DONE };
  if (replicas === 0 && !pod) return { is: 'done', reason: 'it does not run' };
  const action: Change['action'] = volume ? 'replace' : 'update';
  return { is: 'changes', changes: [{ action, what: DATABASE, to: 'stopped', grade: 'known' }] };
}

const START = 'restored database';

const restoreStep = (filling: Filling): AnyStep => ({
  ...step(filling, {
    id: 'postgres.restore',
    title: 'Fill the volume from the set, compare it at its point, start the database, and replay its WAL',
    decide: decideRestore,
    apply: (change, ctx) =>
      ctx.effect(change, async () =>
        change.what === START ? start(filling, ctx) : fill(filling, await ctx.cluster(ctx.target.site), ctx),
      ),
  }),
  needs: same('postgres.stop'),
  destroys: true,
});

export function decideRestore(_: unknown, { restored, filled, open, replicas, pod, volume }: Workload): Decision {
  if (restored && open) return { is: 'done', reason: DONE };
  const run: Change = { action: 'run', what: START, grade: 'known' };
  if (restored || filled) return { is: 'changes', changes: [run] };
  if (replicas > 0 || pod) return { is: 'unknown', reason: 'the database runs: it is stopped first' };
  return { is: 'changes', changes: [{ action: volume ? 'replace' : 'create', what: DATABASE, grade: 'known' }, run] };
}

async function observe(filling: Filling, ctx: Ctx): Promise<Workload> {
  const api = await ctx.cluster(filling.site.name);
  const [set, pod, claim] = await Promise.all([api.get(STATEFUL_SET), api.get(POD_REF), api.get(CLAIM)]);
  if (!set && !filling.workload)
    throw new OpsError('RESTORE_TARGET', `cannot restore into ${filling.site.name}: it has no ${NAMESPACE}/postgres`, {
      hint: 'what runs the database comes first: from Velero, or from ./muster bootstrap',
    });
  const replicas = set ? Number(isRecord(set.spec) ? (set.spec.replicas ?? 1) : 1) : 0;
  const volume = isRecord(claim?.spec) && typeof claim.spec.volumeName === 'string';
  const [state, filled] = await Promise.all([
    runs(pod) ? look(filling, api, ctx) : { restored: false, open: false },
    isFilled(filling, api, ctx),
  ]);
  return { replicas, pod: pod !== undefined, volume, filled, ...state };
}

async function look(filling: Filling, api: ClusterApi, ctx: Ctx): Promise<{ restored: boolean; open: boolean }> {
  const postgres = podPostgres(api, filling.site.name);
  const mark = parseMark(await readMark(postgres));
  const restored =
    mark !== undefined && mark.run === ctx.run.id && mark.restorePoint === markOf(filling, ctx).restorePoint;
  return { restored, open: await isOpen(postgres) };
}

async function stop(ctx: Ctx): Promise<void> {
  const api = await ctx.cluster(ctx.target.site);
  await api.scale(STATEFUL_SET, 0);
  // A shutdown writes a checkpoint, and waits for the archive when the store is away.
  await seeGone(api, POD_REF, ctx, minutes(4));
}

async function start(filling: Filling, ctx: Ctx): Promise<void> {
  const api = await ctx.cluster(filling.site.name);
  await ctx.wait({
    what: 'the workload of the database',
    deadline: minutes(15),
    hint: './muster kubectl -n velero get restores',
    probe: async () => ((await api.get(STATEFUL_SET)) ? { value: true } : { saw: 'not brought back yet' }),
  });
  await startDatabase(filling.site.name, ctx);
  await removeRestorePod(api, ctx);
}
