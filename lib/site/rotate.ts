import { identityStep } from '../backup/escrow/identity.ts';
import { escrowSealStep } from '../backup/escrow/seal.ts';
import { type EscrowAt, escrowOf } from '../backup/index.ts';
import { secretsSeenStep } from '../cluster/index.ts';
import type { AnyStep } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import { type Rotation, rotationEnded, rotationUnderWay } from '../secret/index.ts';
import { storeFiles, storeSecrets } from '../store/index.ts';
import { backupSteps, newSetId } from './backup.ts';
import { bootstrapSteps } from './compose.ts';
import { credentialsOf, IDENTITY_NAME } from './credentials.ts';
import type { OpenSite } from './open.ts';
import { beginStep, endStep, promoteStep, valuesStep } from './rotation-steps.ts';
import { type InSession, inSession, type Ran } from './run-verb.ts';

/** A part of a rotation: one plan. */
export interface RotationPhase {
  name: string;
  steps: readonly AnyStep[];
}

export interface Rotated extends Ran {
  credentials: readonly string[];
  /** The set that was taken with the new keys; undefined: the site has no backups. */
  set?: string;
}

/** Names that --only may have. */
export const credentialNames = (open: OpenSite): string[] => [
  ...(escrowToChange(open) ? [IDENTITY_NAME] : []),
  ...credentialsOf(open, '').map(({ id }) => id),
];

/** A lab's: elsewhere its identities are offline, and people's. */
const escrowToChange = ({ site }: OpenSite): EscrowAt | undefined => {
  const at = site.backup ? escrowOf(site) : undefined;
  return at?.made ? at : undefined;
};

/** Errors: USAGE for a name that there is not. */
function chosen(open: OpenSite, only: string | undefined): string[] {
  const all = credentialNames(open);
  if (only === undefined) return all;
  if (all.includes(only)) return [only];
  throw new OpsError('USAGE', `cannot rotate '${only}': ${open.site.name} has no credential of this name`, {
    hint: `one of: ${all.join(', ')}`,
  });
}

/** The one that was begun and not ended is gone on with, whoever asks. Errors: USAGE. */
export async function rotationOf(open: OpenSite, only?: string): Promise<Rotation & { set: string }> {
  const now = open.ports.clock.now();
  const [begun, credentials, set] = [await rotationUnderWay(open.ports.secrets), chosen(open, only), newSetId(now)];
  if (!begun) return { id: newSetId(now), credentials, set };
  const more = credentials.filter(name => !begun.credentials.includes(name));
  if (only !== undefined && more.length > 0)
    throw new OpsError('USAGE', `cannot rotate ${only}: a rotation of ${begun.credentials.join(', ')} is not ended`, {
      hint: `./muster rotate --site ${open.site.name} goes on with it`,
    });
  return { ...begun, set };
}

/**
 * Both let in, the new one the site's, the site told, the old one let in no more; then a backup with the new ones. The
 * old values are kept until the phase after these, rotationEnd.
 */
export async function rotationPhases(open: OpenSite, rotation: Rotation): Promise<RotationPhase[]> {
  const { site } = open;
  const all = credentialsOf(open, rotation.id).filter(({ id }) => rotation.credentials.includes(id));
  const escrow = escrowToChange(open);
  const identity = escrow && rotation.credentials.includes(IDENTITY_NAME) ? [identityStep(escrow)] : [];
  const seal = site.backup ? [escrowSealStep(escrowOf(site), [])] : [];
  const steps = await bootstrapSteps(site, open);
  const of = (ids: readonly string[]) => steps.filter(({ id }) => ids.includes(id));
  const follows = new Set(all.flatMap(credential => credential.follows));
  const told = of([...follows]);
  return [
    // The identity first: the new values are sealed to the new one, before anything is changed to them.
    {
      name: 'preparing',
      steps: inTurn([beginStep(site.name, rotation), ...identity, valuesStep(site.name, all), ...seal]),
    },
    { name: 'letting both in', steps: inTurn(all.flatMap(({ before }) => before)) },
    { name: 'changing over', steps: [promoteStep(site.name, all)] },
    { name: 'telling the site', steps: told },
    { name: 'seeing it everywhere', steps: site.app ? [secretsSeenStep(site.name, 'app', READ_AS_FILES)] : [] },
    // Each by itself: what looks at all of them first would keep the application waiting for its roles.
    ...all.map(({ id, after }) => ({ name: `letting the old one in no more: ${id}`, steps: inTurn(after) })),
    // Without it the newest generation would know what opens the volume backups as it was, until the next backup.
    { name: 'sealing what is in use now', steps: seal },
    { name: 'looking at the site', steps: of(['cluster.ready', 'addon.velero', 'app.answers']) },
  ].filter(phase => phase.steps.length > 0);
}

/** Secrets of the application that are read as files, anew for each use. */
const READ_AS_FILES = ['postgres-app', 'postgres-superuser', 'pgbackrest'];

/** What may end only now that a set was taken with the new keys. */
export const rotationLast = (open: OpenSite, { id, credentials }: Rotation): AnyStep[] =>
  credentialsOf(open, id)
    .filter(credential => credentials.includes(credential.id))
    .flatMap(({ last = [] }) => last);

/** The old values are forgotten: nothing can try them any more. */
export const rotationEnd = ({ site, dirs }: OpenSite, { id }: Rotation): AnyStep =>
  endStep(
    site.name,
    id,
    site.backup?.store.kind === 'local' ? storeSecrets(storeFiles(dirs.project, site.name)) : undefined,
  );

export interface RotationPlan {
  credentials: { id: string; title: string }[];
  phases: { name: string; steps: string[] }[];
}

/** What a dry run shows. Observes nothing: what there is to do is the same whatever there is. */
export async function rotationPlan(open: OpenSite, rotation: Rotation & { set: string }): Promise<RotationPlan> {
  const titles = new Map(credentialsOf(open, rotation.id).map(({ id, title }) => [id, title]));
  const phases = [...(await rotationPhases(open, rotation)), ...closing(open, rotation, rotation.set)];
  return {
    credentials: rotation.credentials.map(id => ({ id, title: titles.get(id) ?? 'The age identity of the escrow' })),
    phases: phases.map(({ name, steps }) => ({ name, steps: steps.map(({ title }) => title) })),
  };
}

/** After the change: a backup with the new ones, and the end of the old ones. */
function closing(open: OpenSite, rotation: Rotation, set: string): RotationPhase[] {
  const { site } = open;
  const backup = site.backup
    ? [
        { name: 'taking a backup with the new ones', steps: backupSteps(site, open, set, 'person') },
        { name: 'ending what the backup replaces', steps: rotationLast(open, rotation) },
      ]
    : [];
  return [...backup, { name: 'forgetting the old ones', steps: [rotationEnd(open, rotation)] }];
}

/** Errors: those of its steps. One that was killed is gone on with. */
export async function rotateSite(open: OpenSite, only?: string): Promise<Rotated> {
  const { site } = open;
  const { id, credentials, set } = await rotationOf(open, only);
  const choices = { rotation: id, credentials: credentials.join(','), set };
  const { value, journal } = await inSession(
    open,
    'rotate',
    { choices, retain: true, confirmed: true },
    async session => {
      const kept = session.run.choices;
      const rotation = { id: kept.rotation ?? id, credentials: (kept.credentials ?? '').split(',') };
      const ran = summing(session, open);
      if ((await rotationEnded(open.ports.secrets)) === rotation.id)
        return { ...ran.sum, credentials: rotation.credentials };
      const phases = [...(await rotationPhases(open, rotation)), ...closing(open, rotation, kept.set ?? set)];
      for (const { name, steps } of phases) await ran.apply(name, steps);
      return { ...ran.sum, credentials: rotation.credentials, ...(site.backup && { set: kept.set ?? set }) };
    },
  );
  return { ...value, ...(journal !== undefined && { journal }) };
}

function summing(session: InSession, open: OpenSite) {
  const sum: Ran = { changed: [], unchanged: 0, ms: 0 };
  return {
    sum,
    async apply(name: string, steps: readonly AnyStep[]) {
      open.emit({ type: 'notice', text: name });
      const { changed, unchanged, ms } = await session.apply(alone(steps));
      sum.changed.push(...changed);
      sum.unchanged += unchanged;
      sum.ms += ms;
    },
  };
}

/** What a step needs beside these was done in a phase before, or stands. */
export const alone = (steps: readonly AnyStep[]): AnyStep[] => {
  const ids = new Set(steps.map(({ id }) => id));
  return steps.map(step => ({ ...step, needs: (step.needs ?? []).filter(need => ids.has(need.step)) }));
};

/** Each after the one before it. */
const inTurn = (steps: readonly AnyStep[]): AnyStep[] =>
  steps.map((step, n) => {
    const before = steps[n - 1]?.id;
    return { ...step, needs: before === undefined || before === step.id ? [] : [{ step: before, scope: 'all' }] };
  });
