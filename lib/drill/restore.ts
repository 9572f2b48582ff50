import { databaseWorkload } from '../addon/app/database.ts';
import { PASSWORDS } from '../addon/app/manifests/want.ts';
import { rolesStep } from '../addon/app/roles.ts';
import { type Manifest, partOf } from '../backup/index.ts';
import { CLAIM, NAMESPACE } from '../backup/postgres/names.ts';
import { postgresRestore, type RestoreOptions } from '../backup/postgres/restore.ts';
import { roomStep, scopedPart } from '../backup/restore/index.ts';
import type { PartOf } from '../backup/set.ts';
import { restoreStep as veleroRestore } from '../backup/velero/restore.ts';
import type { AnyStep, Ctx, Decision, KubeRef } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import { minutes } from '../time/index.ts';

/** Each after the one before it: volume, archive and pod of the database are looked at when they are there. */
const inTurn = (steps: readonly AnyStep[]): AnyStep[] =>
  steps.map((step, n) => {
    const before = steps[n - 1]?.id;
    return { ...step, needs: before === undefined ? [] : [{ step: before, scope: 'same' }] };
  });

/** What the pod that fills the volume wants to be there, beside its archive. Velero brings these first, and volumes last. */
const FIRST: readonly KubeRef[] = [
  CLAIM,
  { apiVersion: 'v1', kind: 'ServiceAccount', namespace: NAMESPACE, name: 'postgres' },
  { apiVersion: 'v1', kind: 'Secret', namespace: NAMESPACE, name: PASSWORDS.postgres },
];

/** The database's volume is none of Velero's: the two are filled side by side. */
const placeStep = (site: Site): AnyStep => ({
  id: 'postgres.place',
  title: "See what the database's volume is filled with come back",
  target: { site: site.name, kind: 'cluster', name: site.name },
  want: {},
  deadline: minutes(15),
  observe: ctx => missing(site, ctx),
  decide: (_, lacks: readonly string[]): Decision =>
    lacks.length === 0
      ? { is: 'done', reason: 'there' }
      : { is: 'changes', changes: [{ action: 'run', what: `wait for ${lacks.join(' and ')}`, grade: 'known' }] },
  apply: (change, ctx) =>
    ctx.effect(change, async () => {
      await ctx.wait({
        what: 'the objects of the database',
        deadline: minutes(14),
        every: 500,
        hint: './muster kubectl -n velero get restores',
        probe: async () => {
          const lacks = await missing(site, ctx);
          return lacks.length === 0 ? { value: true } : { saw: `no ${lacks.join(', no ')}` };
        },
      });
    }),
});

async function missing(site: Site, ctx: Ctx): Promise<string[]> {
  const api = await ctx.cluster(site.name);
  const lacks = FIRST.map(async ref => ((await api.get(ref)) ? [] : [`${ref.kind} ${ref.name}`]));
  return (await Promise.all(lacks)).flat();
}

/**
 * Objects and volumes, and the database in its own volume, which Velero leaves empty and PostgreSQL at rest. `namespaces`:
 * those that were lost; absent: all of the set.
 */
export function dataSteps(
  site: Site,
  set: Manifest,
  bootstrap: readonly AnyStep[],
  { namespaces, ...options }: Partial<RestoreOptions> & { namespaces?: readonly string[] } = {},
): AnyStep[] {
  const back = volumeSteps(site, set, namespaces, partOf(set, 'postgres'));
  const fill = fillSteps(site, set, { ...options, workload: ctx => databaseWorkload(site, ctx) });
  if (fill.length === 0) return back;
  const access = bootstrap.filter(({ id }) => id === 'postgres.access');
  return [...back, ...inTurn([placeStep(site), ...access, ...fill])];
}

/** Objects and volumes; not before it was seen that these fit, with the database that comes beside them. */
export function volumeSteps(
  site: Site,
  set: Manifest,
  namespaces?: readonly string[],
  postgres?: PartOf<'postgres'>,
): AnyStep[] {
  const whole = partOf(set, 'velero');
  if (!whole) return [];
  const velero = namespaces ? scopedPart(whole, namespaces) : whole;
  const back = veleroRestore(whole, site, namespaces ? { namespaces } : {});
  // Volumes of a cloud are made for their claims.
  return site.hosts.length > 0 ? inTurn([roomStep({ velero, postgres }, site), back]) : [back];
}

/** The database alone, beside Secrets that may be of another time: its roles get the passwords that are kept here. */
export const databaseSteps = (site: Site, set: Manifest, options: Partial<RestoreOptions> = {}): AnyStep[] =>
  inTurn([...fillSteps(site, set, options), rolesStep(site)]);

function fillSteps(site: Site, set: Manifest, { archive = 'on', ...options }: Partial<RestoreOptions>): AnyStep[] {
  const part = partOf(set, 'postgres');
  return part ? postgresRestore(part, site, { archive, ...options }) : [];
}
