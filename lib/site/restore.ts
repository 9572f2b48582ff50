import { listSets, partOf, publicKeyPath, readPublicKey, readSet, type SealedSet } from '../backup/index.ts';
import { NAMESPACE as DATABASE } from '../backup/postgres/names.ts';
import { postgresRestore } from '../backup/postgres/restore.ts';
import { resumeStep } from '../backup/postgres/resume.ts';
import {
  besideOf,
  chooseSet,
  chooseSetAt,
  databaseFitStep,
  discardNamespacesStep,
  discardScratchStep,
  momentOf,
  roomStep,
  scopedPart,
  scratchStep,
} from '../backup/restore/index.ts';
import { restoreStep as veleroRestore } from '../backup/velero/restore.ts';
import type { AnyStep } from '../engine/index.ts';
import { isOpsError, OpsError } from '../errors/index.ts';
import type { OpenSite } from './open.ts';
import { rebuildOf } from './rebuild.ts';
import { type Compared, compareRestored, type RestoreWant, type Restoring } from './restored.ts';
import { inSession, type Ran, runVerb } from './run-verb.ts';

export interface Restored extends Ran, Compared {
  set: string;
}

export type { RestoreWant } from './restored.ts';

/** What a killed run is recognised by: none goes on with what another one began, to another place, set or moment. */
const verbOf = ({ what, name, inPlace, at, manifest }: Restoring) =>
  [
    'restore',
    what,
    ...(name === undefined ? [] : [name]),
    ...(inPlace ? ['in place'] : []),
    'from',
    manifest.id,
    ...(at === undefined ? [] : [at]),
  ].join(' ');

/**
 * Brings data back and compares it; one that was killed is gone on with.
 * Errors: SET_*, MANIFEST_*; USAGE and WAL_GAP for a moment out of reach; RESTORE_TARGET; RESTORE_UNFIT; RESTORE_FAILED.
 */
export async function restoreSite(open: OpenSite, want: RestoreWant): Promise<Restored> {
  const restoring = await settled(open, want);
  const steps = await stepsOf(open, restoring);
  const options = { retain: true, confirmed: want.inPlace };
  const { value, journal } = await inSession(open, verbOf(restoring), options, async ({ run, apply }) => {
    const ran = await apply(steps).catch(error => {
      throw want.inPlace ? withResume(error, open.site.name) : withDiscard(error, open.site.name);
    });
    return { ...ran, set: restoring.manifest.id, ...(await compareRestored(open, restoring, run)) };
  });
  return { ...value, ...(journal !== undefined && { journal }) };
}

/** Beside the original nothing is in the way but an earlier copy. */
const withDiscard = (error: unknown, site: string): unknown =>
  isOpsError(error, 'RESTORE_TARGET')
    ? new OpsError(error.code, error.message, {
        details: error.details,
        hint: `./muster restore discard --site ${site} removes an earlier copy`,
        cause: error,
      })
    : error;

/** The database may be switched off, and what it had is whole. */
const withResume = (error: unknown, site: string): unknown =>
  error instanceof OpsError
    ? new OpsError(error.code, error.message, {
        details: [
          ...error.details,
          `given up by ./muster restore discard --site ${site}: what was there is served again`,
        ],
        hint: error.hint,
        cause: error.cause ?? error,
      })
    : error;

/** What a dry run shows. */
export const restorePlan = async (open: OpenSite, want: RestoreWant): Promise<AnyStep[]> =>
  stepsOf(open, await settled(open, want));

/** Removes what restores left beside, databases of this computer and namespaces, and ends one in place that did not end. */
export const discardRestored = (open: OpenSite): Promise<Ran> =>
  runVerb(open, 'restore discard', discardSteps(open), { retain: true });

export const discardSteps = ({ site }: OpenSite): AnyStep[] => [
  discardScratchStep(site),
  ...(site.backup?.sources.includes('velero') ? [discardNamespacesStep(site)] : []),
  ...(site.backup?.sources.includes('postgres') ? [resumeStep(site)] : []),
];

/** The set that a restore takes when a person named one, or none. Errors: SET_*, MANIFEST_*; USAGE, WAL_GAP for a moment. */
export async function chosenSet(
  open: Pick<OpenSite, 'site' | 'dirs' | 'ports'>,
  { set, at }: Pick<RestoreWant, 'set' | 'at'>,
): Promise<SealedSet> {
  const { site, dirs, ports } = open;
  const [store, publicKey] = await Promise.all([
    ports.store(site.name),
    readPublicKey(publicKeyPath(site, dirs.project)),
  ]);
  if (set !== undefined && at === undefined) return readSet(store, set, { site: site.name, publicKey });
  const now = new Date(ports.clock.now());
  const { rows } = await listSets(store, { site, publicKey, now, proven: () => undefined });
  if (at === undefined) return chooseSet(rows, site.name, set);
  return chooseSetAt(rows, await store.list('pgbackrest/archive/'), site.name, momentOf(at), set);
}

async function settled(open: OpenSite, want: RestoreWant): Promise<Restoring> {
  const { manifest } = await chosenSet(open, want);
  const velero = partOf(manifest, 'velero');
  const of = want.what === 'database' ? [] : (velero?.facts.namespaces ?? []);
  const namespaces = want.name === undefined ? of : of.filter(name => name === want.name);
  if (want.name !== undefined && namespaces.length === 0)
    throw new OpsError(
      'SET_ABSENT',
      `cannot restore the namespace ${want.name}: set ${manifest.id} has ${of.join(', ') || 'none'}`,
    );
  const has = partOf(manifest, 'postgres') !== undefined;
  if (want.what === 'database' && !has)
    throw new OpsError('SET_ABSENT', `cannot restore the database: set ${manifest.id} has none`);
  // Velero leaves the database's volume empty: in place a namespace without it would not be back.
  const database = has && (want.what !== 'namespace' || (want.inPlace && namespaces.includes(DATABASE)));
  return { ...want, manifest, namespaces, database, ...(want.at !== undefined && { moment: momentOf(want.at) }) };
}

async function stepsOf(
  open: OpenSite,
  { manifest, namespaces, database, moment, inPlace }: Restoring,
): Promise<AnyStep[]> {
  const { site } = open;
  const velero = namespaces.length > 0 ? partOf(manifest, 'velero') : undefined;
  const postgres = database ? partOf(manifest, 'postgres') : undefined;
  const mapping = inPlace ? {} : { mapping: besideOf(namespaces) };
  // Volumes of a cloud are made for their claims; those of hosts share what the host has.
  // A database beside the one that is there lies on this computer.
  const comes = velero && { velero: scopedPart(velero, namespaces), postgres: inPlace ? postgres : undefined };
  const fit = comes && site.hosts.length > 0 ? [roomStep(comes, site)] : [];
  const volumes = velero ? [...fit, veleroRestore(velero, site, { namespaces, ...mapping })] : [];
  if (!postgres) return inTurn(volumes);
  if (!inPlace) return inTurn([...volumes, scratchStep(postgres, site, moment)]);
  const { steps } = await rebuildOf(site, open);
  // A database that lives has its way into the archive; one that comes with its namespace gets it anew.
  const access = velero ? steps.filter(({ id }) => id === 'postgres.access') : [];
  const fill = postgresRestore(postgres, site, { archive: 'on', ...(moment && { at: moment }) });
  // A database of before a rotation has the passwords of then; with its namespace come the Secrets of then too.
  const roles = velero ? [] : steps.filter(({ id }) => id === 'app.roles');
  return inTurn([...volumes, ...access, databaseFitStep(postgres, site), ...fill, ...roles]);
}

/** Each after the one before it: nothing is stopped before everything was looked at. */
const inTurn = (steps: readonly AnyStep[]): AnyStep[] =>
  steps.map((step, n) => {
    const before = steps[n - 1]?.id;
    return { ...step, needs: before === undefined ? [] : [{ step: before, scope: 'all' }] };
  });
