import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  escrowAtHand,
  escrowOf,
  type Manifest,
  publicKeyPath,
  readPublicKey,
  readSet,
  readSigner,
  type SealedSet,
} from '../backup/index.ts';
import type { Expected } from '../backup/manifest.ts';
import { sealedIds } from '../backup/seal.ts';
import { sha256Of } from '../backup/sign.ts';
import type { ObjectStore } from '../engine/index.ts';
import { isOpsError, OpsError } from '../errors/index.ts';
import { owner } from '../host/owner.ts';
import { inSession, lendKeys, newSetId, type OpenSite, openRehearsal } from '../site/index.ts';
import { assemble } from './assemble.ts';
import { imageResults } from './checks/images.ts';
import { type LookFrom, lookAtStored } from './checks/stored.ts';
import { keptApart } from './clocks-apart.ts';
import { evidenceDir, writeEvidence } from './evidence.ts';
import { asSeenBy } from './from-replica.ts';
import { historyOf, readDrills, subjectOf } from './proofs.ts';
import type { Report } from './report.ts';
import { carryOut, type Ended } from './run.ts';
import { type Drill, isBeside, type Scenario } from './scenario.ts';
import { openTimeline, systemBootTime, type Timeline } from './timeline.ts';

export interface DrillWant {
  scenario: Scenario;
  mode: Report['mode'];
  /** A set by its id; absent: the newest complete one. */
  set?: string;
  trigger: Manifest['trigger'];
}

export interface Drilled {
  report: Report;
  /** Where the evidence lies. */
  folder: string;
}

/** Everything of a drill that its choices settle: the same for one that was killed and is gone on with. */
interface UnderWay {
  drill: Omit<Drill, 'set' | 't0' | 'target'> & {
    set: SealedSet | undefined;
    target: Pick<OpenSite, 'site' | 'provider'>;
  };
  timeline: Timeline;
  ended: Ended;
  journal?: string;
  /** What could not be removed again. */
  left?: readonly string[];
  /** Beside what the scenario does not try. */
  notTried?: readonly string[];
}

/**
 * Loses, restores, proves, and writes the evidence, however it ends. A killed one is gone on with, under its own
 * choices. Errors: LOCK_HELD, DRILL_TARGET (another scenario was killed), INTERRUPTED.
 */
export async function drillSite(open: OpenSite, want: DrillWant): Promise<Drilled> {
  const reading = await withKeys(open);
  return drillWith(reading, open, want).finally(() => (reading === open ? undefined : reading.close()));
}

/** One that was killed may have lost the keys of the site already: it looks at its set with those of the escrow. */
async function withKeys(open: OpenSite): Promise<OpenSite> {
  try {
    await open.ports.store(open.site.name);
    return open;
  } catch (error) {
    if (!isOpsError(error, 'STORE_UNREACHABLE')) throw error;
    return lendKeys(open, await escrowAtHand(escrowOf(open.site))).catch(() => {
      throw error;
    });
  }
}

async function drillWith(reading: OpenSite, open: OpenSite, want: DrillWant): Promise<Drilled> {
  const choices = {
    drill: newSetId(open.ports.clock.now()),
    ...subjectOf(want.scenario),
    mode: want.mode,
    set: want.set ?? (await newestSet(reading, want.trigger)),
  };
  const session = { choices, retain: true, confirmed: want.mode === 'destroy' };
  const { value, journal } = await inSession(open, 'drill', session, async running => {
    const chosen: Record<string, string | undefined> = running.run.choices;
    const named = ({ scenario, namespace }: typeof chosen) => [scenario, namespace].filter(Boolean).join(' ');
    if (named(chosen) !== named(choices))
      throw new OpsError('DRILL_TARGET', `cannot begin ${named(choices)}: a drill of ${named(chosen)} was killed`, {
        hint: `./muster drill ${named(chosen)} --site ${open.site.name}: it goes on where it was`,
      });
    const id = chosen.drill ?? choices.drill;
    const folder = evidenceDir(open.dirs.state, id);
    const timeline = await openTimeline(folder, open.ports.clock, await systemBootTime());
    const { set, ended: before } = await lookAtSet(reading, chosen.set ?? '', timeline);
    const drill = { id, mode: want.mode, source: open, target: open, set, folder };
    if (!set || !isSound(before)) return { drill, timeline, ended: before };
    const apart = await keptApart(folder, timeline, open);
    // A loss that is declared counts, also where nobody came to lose anything.
    open.signal.throwIfAborted();
    const begun = { ...drill, set, ...(apart !== undefined && { apart }) };
    const ended = await carryOut(want.scenario, begun, timeline, running);
    return { drill, timeline, ended: { ...ended, checks: [...before.checks, ...ended.checks] } };
  });
  return writeDown(open, want, { ...value, ...(journal !== undefined && { journal }) });
}

/** Worth to lose something for, or to be brought up. */
export const isSound = ({ error, checks }: Ended): boolean =>
  error === undefined && checks.every(({ required, state }) => !required || state === 'passed');

export interface DrillPlan {
  set: string;
  phases: { name: string; steps: string[] }[];
}

/** What a dry run shows: the phases, and in their order the steps that each would look at. Reads the store, and nothing else. */
export async function planDrill(caller: OpenSite, { scenario, mode, ...want }: DrillWant): Promise<DrillPlan> {
  const open = await asSeenBy(scenario, caller);
  const store = await open.ports.store(open.site.name);
  const id = want.set ?? (await newestSet(open, want.trigger));
  const publicKey = await readPublicKey(publicKeyPath(open.site, open.dirs.project));
  const set = await readSet(store, id, { site: open.site.name, publicKey });
  const t0 = new Date(open.ports.clock.now());
  const target = isBeside(scenario, mode) ? await openRehearsal(open, set.manifest.escrowGeneration) : open;
  const drill: Drill = { id, mode, source: open, target, set, folder: evidenceDir(open.dirs.state, id), t0 };
  const plan = await planPhases(scenario, drill);
  if (target !== open) await target.close();
  await open.close();
  return plan;
}

/** Nothing is observed: what a later phase finds is made by those before it. */
export async function planPhases(scenario: Pick<Scenario, 'phases'>, drill: Drill): Promise<DrillPlan> {
  const phases = [];
  for (const { name, steps, select = () => true } of await scenario.phases(drill))
    phases.push({ name, steps: (await steps()).filter(select).map(({ title }) => title) });
  return { set: drill.set.manifest.id, phases };
}

/**
 * The newest one that has a manifest: whether it is a backup is the first thing that the drill finds out.
 * Errors: SET_ABSENT, STORE_*.
 */
export async function newestSet(open: OpenSite, trigger: Manifest['trigger']): Promise<string> {
  const store = await open.ports.store(open.site.name);
  const ids = await sealedIds(store);
  const publicKey = await readPublicKey(publicKeyPath(open.site, open.dirs.project));
  for (const id of ids.reverse())
    if (trigger === 'person' || (await mayBeScheduled(store, id, { site: open.site.name, publicKey }))) return id;
  throw new OpsError(
    'SET_ABSENT',
    `cannot drill ${open.site.name}: it has no set${trigger === 'schedule' ? ' of a schedule' : ''}`,
  );
}

/**
 * One that cannot be trusted does not say whose it is, whatever stands in it: were it passed over, an older one would be
 * proven in its place, and nobody would see the damage.
 */
async function mayBeScheduled(store: ObjectStore, id: string, expected: Expected): Promise<boolean> {
  try {
    return (await readSet(store, id, expected)).manifest.trigger === 'schedule';
  } catch (error) {
    if (!isOpsError(error) || !/^(MANIFEST_|SET_)/.test(error.code)) throw error;
    // It expired since it was listed.
    return error.code !== 'SET_ABSENT';
  }
}

/** Before anything is lost: what cannot be proven from the store alone is not worth losing a site for. */
export async function lookAtSet(
  open: OpenSite,
  id: string,
  timeline: Pick<Timeline, 'marks'>,
  how: LookFrom = {},
): Promise<{ set?: SealedSet; ended: Ended }> {
  const lost = timeline.marks()[0];
  const at = lost ? new Date(lost.at) : new Date(open.ports.clock.now());
  try {
    const { set, checks } = await lookAtStored(open, id, at, how);
    const images = set ? await imageResults(open, set.manifest) : [];
    return { ...(set && { set }), ended: { checks: [...checks, ...images], rpo: [] } };
  } catch (error) {
    return { ended: { checks: [], rpo: [], error } };
  }
}

/** Of this checkout; the set's own stands in its manifest. */
export async function commitOf({ dirs, ports }: Pick<OpenSite, 'dirs' | 'ports'>): Promise<string> {
  const shell = await ports.shell('localhost');
  const { code, stdout } = await shell.exec(['git', '-C', dirs.project, 'rev-parse', 'HEAD']);
  return code === 0 ? stdout.text.trim() : 'none';
}

export async function writeDown(
  open: OpenSite,
  want: DrillWant,
  { drill, timeline, ended, journal, left = [], notTried = [] }: UnderWay,
): Promise<Drilled> {
  const { site, dirs, ports, masker } = open;
  const { scenario, trigger } = want;
  const lock = await readFile(join(dirs.project, 'artifacts/lock.yaml'));
  const manifest = drill.set?.manifest;
  const report = assemble({
    drill: {
      id: drill.id,
      ...subjectOf(scenario),
      title: scenario.title,
      mode: drill.mode,
      site: site.name,
      target: `${drill.target.site.name} (${drill.target.provider.kind})`,
      commit: await commitOf(open),
      lockDigest: sha256Of(lock),
      by: { trigger, name: owner() },
      versions: Object.fromEntries((manifest?.sources ?? []).map(({ tool, version }) => [tool, version])),
    },
    set: drill.set,
    objectives: { rto: site.backup?.rto ?? 0, proof: site.drills?.proof },
    clocks: timeline.clocks(),
    rpo: ended.rpo,
    checks: ended.checks,
    notTried: [...notTried, ...scenario.notTried(ended.checks)],
    history: historyOf(subjectOf(scenario), await readDrills(dirs.state)),
    left,
    ...(ended.error !== undefined && { error: ended.error }),
  });
  const signer = await readSigner(ports.secrets).catch(() => undefined);
  const mask = (text: string) => masker.mask(text);
  const shown = await writeEvidence({ folder: drill.folder, report, journal, set: drill.set, signer, mask });
  return { report: shown, folder: drill.folder };
}
