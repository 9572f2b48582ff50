import type { SourceName } from '../../backup/set.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { type Subject, subjectOf } from '../proofs.ts';
import type { Scenario } from '../scenario.ts';

/** By their names; each is a file beside this one, loaded when it is asked for. */
const SCENARIOS: Readonly<Record<string, () => Promise<Scenario>>> = {
  'namespace-loss': async () => (await import('./namespace-loss.ts')).namespaceLoss,
  'database-loss': async () => (await import('./database-loss.ts')).databaseLoss,
  'point-in-time': async () => (await import('./point-in-time.ts')).pointInTime,
  'control-plane-loss': async () => (await import('./control-plane-loss.ts')).controlPlaneLoss,
  'erase-attempt': async () => (await import('./erase-attempt.ts')).eraseAttempt,
  'credential-rotation': async () => (await import('./credential-rotation.ts')).credentialRotation,
  'region-loss': async () => (await import('./region-loss.ts')).regionLoss,
  'site-rebuild': async () => (await import('./site-rebuild.ts')).siteRebuild,
};

export const SCENARIO_NAMES: readonly string[] = Object.keys(SCENARIOS);

/** What there is to prove of a site: what it has a backup of, and of the loss of a namespace each that its backups take. */
export async function subjectsOf({
  backup,
  drills,
  environment,
}: Pick<Site, 'backup' | 'drills' | 'environment'>): Promise<Subject[]> {
  if (!backup || !drills) return [];
  const all = await Promise.all(Object.values(SCENARIOS).map(load => load()));
  const replica = backup.store.kind === 's3' && backup.store.replica !== undefined;
  return (
    all
      .filter(({ from }) => from !== 'replica' || replica)
      // Outside labs nothing is lost for a drill.
      .filter(({ modes }) => environment === 'lab' || modes.includes('rehearse'))
      .flatMap(scenario => (scenario.of ? backup.namespaces.map(scenario.of) : [scenario]))
      .filter(scenario => missingFor(scenario, backup.sources).length === 0)
      .map(subjectOf)
  );
}

/** Sources without which it would prove nothing. */
export const missingFor = (scenario: Pick<Scenario, 'sources'>, has: readonly SourceName[]): SourceName[] =>
  scenario.sources.filter(source => !has.includes(source));

/** Errors: USAGE, with those that there are. */
export async function scenarioOf(name: string | undefined): Promise<Scenario> {
  const load = name === undefined ? undefined : SCENARIOS[name];
  if (load && Object.hasOwn(SCENARIOS, name ?? '')) return load();
  const got = name === undefined ? 'no scenario' : `'${name}'`;
  throw new OpsError('USAGE', `cannot drill ${got}: expected one of ${SCENARIO_NAMES.join(', ')}`, {
    hint: './muster drill site-rebuild',
  });
}
