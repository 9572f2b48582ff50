import type { Change, ClusterApi, Ctx, Decision, KubeObject, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import type { PartOf, VeleroFacts } from '../set.ts';
import type { Mapping } from './checks.ts';
import { coveredBy } from './claims.ts';
import { makeKnown } from './known.ts';
import { type RestoreWant, restoreObjects } from './restore-spec.ts';
import { type RestoreSeen, readRestore, waitForBackupOf, waitForRestore } from './restored.ts';

export interface RestoreOptions {
  /** Absent: all of the backup. */
  namespaces?: readonly string[];
  /** Into namespaces of other names, beside the originals. */
  mapping?: Mapping;
}

/** Nothing that lives is restored over: the data would not come, and Velero would call it Completed. */
export interface RestoreFacts {
  /** Of this run; undefined: not begun. */
  restore?: RestoreSeen;
  /** 'Pod app/x' of a target namespace. */
  living: readonly string[];
}

/** velero.restore: every volume of the part came back through a PodVolumeRestore that ended well. */
export const restoreStep = (
  { facts }: PartOf<'velero'>,
  into: Site,
  options: RestoreOptions = {},
): Step<{ backup: string; options: RestoreOptions }, RestoreFacts> => ({
  id: 'velero.restore',
  title: 'Bring objects and volumes back with Velero',
  target: { site: into.name, kind: 'cluster', name: into.name },
  want: { backup: facts.backup, options },
  deadline: minutes(30),
  observe: ctx => observe(facts, into, options, ctx),
  decide: decideRestore,
  apply: (change, ctx) => ctx.effect(change, () => act(change, facts, into, options, ctx)),
});

const WAIT = 'wait for every volume';

export function decideRestore(want: { backup: string } | undefined, { restore }: RestoreFacts): Decision {
  if (!want) return { is: 'done', reason: 'what was restored goes with its site' };
  if (restore?.whole) return { is: 'done', reason: `${restore.volumes} volumes came back from ${want.backup}` };
  const wait: Change = { action: 'run', what: WAIT, grade: 'known', ...(restore && { from: restore.phase }) };
  if (restore) return { is: 'changes', changes: [wait] };
  return { is: 'changes', changes: [{ action: 'create', what: `Restore of ${want.backup}`, grade: 'known' }, wait] };
}

/** A run's own: one that goes on finds it, and the next one restores anew. */
const restoreName = (backup: string, { run }: Ctx): string => `${backup}-${run.id.toLowerCase().slice(-8)}`;

/** This run's Restore is there: what it brings lies on the disks already, or comes. */
export async function isBegun(facts: VeleroFacts, into: Site, ctx: Ctx): Promise<boolean> {
  const api = await ctx.cluster(into.name);
  return (await readRestore(api, restoreName(facts.backup, ctx), 0)) !== undefined;
}

const wanted = (facts: VeleroFacts, { namespaces, mapping }: RestoreOptions, ctx: Ctx): RestoreWant => ({
  name: restoreName(facts.backup, ctx),
  backup: facts.backup,
  namespaces: namespaces ?? facts.namespaces,
  covered: coveredBy(facts.excluded.map(entry => entry.coveredBy)),
  ...(mapping && { mapping }),
});

/** Volumes that come back with these namespaces. */
const volumesOf = ({ volumes }: VeleroFacts, namespaces: readonly string[]) =>
  volumes.filter(({ namespace }) => namespaces.includes(namespace));

async function observe(facts: VeleroFacts, into: Site, options: RestoreOptions, ctx: Ctx): Promise<RestoreFacts> {
  const api = await ctx.cluster(into.name);
  const { name, namespaces } = wanted(facts, options, ctx);
  const restore = await readRestore(api, name, volumesOf(facts, namespaces).length);
  if (restore) return { restore, living: [] };
  const living = await livingIn(
    api,
    namespaces.map(namespace => options.mapping?.[namespace] ?? namespace),
  );
  if (living.length === 0) return { living };
  throw new OpsError('RESTORE_TARGET', `cannot restore into ${into.name}: ${living[0]} is there`, {
    details: living,
    hint: 'Velero restores over nothing that lives: choose a scratch namespace, or remove what is there',
  });
}

/** Kinds whose objects stop a restore, or hold data. */
const LIVING = [
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
  { apiVersion: 'v1', kind: 'Pod' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet' },
];

async function livingIn(api: ClusterApi, namespaces: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    namespaces.flatMap(namespace => LIVING.map(kind => api.list({ ...kind, namespace }))),
  );
  const shown = ({ kind, metadata }: KubeObject) => `${kind} ${metadata.namespace}/${metadata.name}`;
  return lists.flat().map(shown);
}

async function act(change: Change, facts: VeleroFacts, into: Site, options: RestoreOptions, ctx: Ctx): Promise<void> {
  const want = wanted(facts, options, ctx);
  const volumes = volumesOf(facts, want.namespaces);
  if (change.what === WAIT) return waitForRestore(want.name, volumes.length, ctx);
  const [api, store] = await Promise.all([ctx.cluster(into.name), ctx.store(into.name)]);
  await makeKnown(facts.backup, api, store);
  // A PodVolumeBackup that is not in the cluster is a volume that is not restored, without a word.
  await waitForBackupOf(facts.backup, volumes, ctx);
  for (const object of restoreObjects(want)) await api.apply(object);
}
