import { readdir, rm } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { veleroRemoval } from '../addon/velero/removal.ts';
import { HERE } from '../backup/escrow/in-use.ts';
import { keptDirectory } from '../backup/escrow/place.ts';
import { discardNamespacesStep } from '../backup/restore/index.ts';
import { clusterLeaks, clusterRemoval, clusterStands, clusterSteps, kubeconfigPath } from '../cluster/index.ts';
import {
  type AnyStep,
  allEntries,
  type Change,
  type Decision,
  type Entry,
  type Need,
  type Step,
} from '../engine/index.ts';
import { OpsError, oneLine } from '../errors/index.ts';
import { exists } from '../host/exists.ts';
import type { Provider, Resource } from '../host/provider.ts';
import { existingCluster, type Site } from '../inventory/index.ts';
import { storeFiles } from '../store/index.ts';
import { minutes } from '../time/index.ts';
import type { OpenSite } from './open.ts';
import type { Place } from './place.ts';
import { type Ran, runVerb } from './run-verb.ts';

/** What a teardown leaves on purpose, under .muster/<site>. drills: what was proven of a site outlives it. */
const KEPT = new Set(['journals', 'journal.jsonl', 'lock', 'drills', HERE]);

export interface Destroyed extends Ran {
  /** What is still there on purpose, as paths. */
  kept: string[];
}

/** What muster made for a site, all without want: an owned machine takes what is on it along, and so does a cluster of ours. */
export function removalSteps(site: Site, { provider, rehearsal }: Pick<Place, 'provider' | 'rehearsal'>): AnyStep[] {
  const cluster = clusterRemoval(site, provider, rehearsal?.fence);
  const steps = [...provider.steps(site, undefined), ...cluster, ...insideRemoval(site, provider)];
  const ids = new Set(steps.map(({ id }) => id));
  // Removal goes against the needs: what all others need goes last, since they read their secrets and state there.
  const last: Need = { step: 'site.state', scope: 'all' };
  const gone = steps.map(({ want: _, needs = [], title, ...step }) => ({
    ...step,
    // Titles say what is made: 'Start server-1' would read as its contrary.
    title: `Undo: ${title}`,
    needs: [...needs.filter(need => ids.has(need.step)), last],
  }));
  return [stateStep(site), ...gone];
}

/** In a cluster that stays what muster put there goes by itself: copies of namespaces first, which Velero's Restores name. */
function insideRemoval(site: Site, provider: Provider): AnyStep[] {
  if (existingCluster(site) === undefined) return [];
  const velero = veleroRemoval(site, () => clusterStands(site, provider));
  const copies = discardNamespacesStep(site);
  const observe: typeof copies.observe = async ctx =>
    (await clusterStands(site, provider)) ? copies.observe(ctx) : [];
  return [velero, { ...copies, observe, needs: [{ step: velero.id, scope: 'same' }] }];
}

/** The site's own files: secrets, authority, state of its machines. Last to go, since the others read them. */
function stateStep(site: Site): Step<never, string[]> {
  return {
    id: 'site.state',
    title: "Remove the site's secrets and state",
    target: { site: site.name, kind: 'site', name: site.name },
    deadline: minutes(1),
    destroys: true,
    observe: async ({ run }) =>
      (await readdir(run.dirs.state).catch(() => [])).filter(name => !KEPT.has(name) && !name.startsWith('lock.')),
    decide: (_, names): Decision =>
      names.length === 0
        ? { is: 'done', reason: 'nothing but sealed journals' }
        : { is: 'changes', changes: names.map((name): Change => ({ action: 'delete', what: name, grade: 'known' })) },
    apply: (change, ctx) =>
      ctx.effect(change, () => rm(join(ctx.run.dirs.state, change.what), { recursive: true, force: true })),
  };
}

/** `first`: removals that come before all others. */
export function destroySteps({ site, provider }: Pick<OpenSite, 'site' | 'provider'>, first: readonly AnyStep[]) {
  const steps = removalSteps(site, { provider });
  // Removal goes against the needs.
  const all = steps.map(({ id }): Need => ({ step: id, scope: 'all' }));
  return [...first.map(step => ({ ...step, needs: [...(step.needs ?? []), ...all] })), ...steps];
}

/**
 * Removes a site and proves that it is gone: by the provider's tags and by the journals. The caller has the confirmation.
 * Errors: LEAK_FOUND with what is left; LEAK_UNKNOWN when it could not be looked at.
 */
export async function destroySite(open: OpenSite, first: readonly AnyStep[] = []): Promise<Destroyed> {
  const { site, dirs } = open;
  await bringWayIn(open);
  const ran = await runVerb(open, 'destroy', destroySteps(open, first), { retain: true, confirmed: true });
  const left = await leaks(open);
  if (left.length > 0)
    throw new OpsError('LEAK_FOUND', `cannot call ${site.name} destroyed: ${left.length} things are still there`, {
      details: left.map(({ kind, id, detail }) => `${kind} ${id}: ${detail}`),
      hint: `./muster destroy --site ${site.name} --confirm=${site.name}`,
    });
  const kept = [
    join(dirs.state, 'journals'),
    join(dirs.state, 'drills'),
    // The backups, and what opens them: a lab's escrow.
    storeFiles(dirs.project, site.name).dir,
    keptDirectory(site.name),
    dirs.cache,
  ];
  const there = await Promise.all(kept.map(exists));
  return { ...ran, kept: kept.filter((_, at) => there[at]) };
}

/** What is in a cluster that stays can be told, and removed, from inside alone: also on a computer that was never in it. */
async function bringWayIn(open: OpenSite): Promise<void> {
  const { site, dirs, provider } = open;
  if (existingCluster(site) === undefined || (await exists(kubeconfigPath(dirs.project, site.name)))) return;
  if (await clusterStands(site, provider)) await runVerb(open, 'destroy', wayIn(open), { retain: true });
}

/** The step that writes the kubeconfig, alone. */
export const wayIn = ({ site, provider }: Pick<OpenSite, 'site' | 'provider'>): AnyStep[] =>
  clusterSteps(site, provider)
    .filter(({ id }) => id === 'eks.kubeconfig')
    .map(step => ({ ...step, needs: [] }));

/** What the provider's tags and the journals still know, and is there. Unknown is not empty. */
export async function leaks({
  site,
  dirs,
  provider,
}: Pick<OpenSite, 'site' | 'dirs' | 'provider'>): Promise<Resource[]> {
  try {
    const entries = await allEntries(dirs.state);
    const [listed, ofCluster, journaled] = await Promise.all([
      provider.list({ site: site.name }),
      clusterLeaks(site, provider),
      journaledFiles(dirs.project, dirs.state, entries),
    ]);
    return [...sinceItBegan(listed, entries), ...ofCluster, ...journaled];
  } catch (error) {
    throw new OpsError('LEAK_UNKNOWN', `cannot tell what is left of ${site.name}: ${oneLine(error)}`, { cause: error });
  }
}

/** What is known by its name only, and is older than the first of the site, is another's. Without a journal nobody knows. */
function sinceItBegan(listed: readonly Resource[], entries: readonly Entry[]): Resource[] {
  const began = Math.min(
    ...entries.flatMap(entry => (entry.t === 'run' && entry.verb === 'bootstrap' ? Date.parse(entry.startedAt) : [])),
  );
  return listed.flatMap(({ since, ...resource }) =>
    since !== undefined && since < began && began < Infinity ? [] : resource,
  );
}

/** Files of this computer that an effect of the site made, and that exist. */
async function journaledFiles(project: string, state: string, entries: readonly Entry[]): Promise<Resource[]> {
  const made = new Set<string>();
  for (const entry of entries) {
    if (entry.t !== 'begin' || entry.target.startsWith('host/')) continue;
    const [, path] = /^file (\S+)$/.exec(entry.change.what) ?? [];
    if (path !== undefined) made.add(path);
  }
  const found = await Promise.all([...made].map(path => resource(path, project, state)));
  return found.flat();
}

async function resource(path: string, project: string, state: string): Promise<Resource[]> {
  const candidates = isAbsolute(path) ? [path] : [join(project, path), join(state, path)];
  const there = await Promise.all(candidates.map(exists));
  return candidates
    .filter((_, at) => there[at])
    .map(file => ({ kind: 'file', id: file, detail: 'made by muster, says the journal' }));
}
