import { OpsError } from '../../errors/index.ts';
import type { Scenario } from '../scenario.ts';

/** By their names; each is a file beside this one, loaded when it is asked for. */
const SCENARIOS: Readonly<Record<string, () => Promise<Scenario>>> = {
  'site-rebuild': async () => (await import('./site-rebuild.ts')).siteRebuild,
};

export const SCENARIO_NAMES: readonly string[] = Object.keys(SCENARIOS);

/** Errors: USAGE, with those that there are. */
export async function scenarioOf(name: string | undefined): Promise<Scenario> {
  const load = name === undefined ? undefined : SCENARIOS[name];
  if (load && Object.hasOwn(SCENARIOS, name ?? '')) return load();
  const got = name === undefined ? 'no scenario' : `'${name}'`;
  throw new OpsError('USAGE', `cannot drill ${got}: expected one of ${SCENARIO_NAMES.join(', ')}`, {
    hint: './muster drill site-rebuild',
  });
}
