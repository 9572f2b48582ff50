import { type Check, type CheckResult, runChecks } from '../../backup/index.ts';
import type { Trial } from './trials.ts';

type Seen = Awaited<ReturnType<Check<readonly Trial[]>['look']>>;

/** L7, one for each credential: what opened it before opens it no more, and what is kept now does. */
export async function credentialResults(trials: readonly Trial[]): Promise<CheckResult[]> {
  const results = [...Map.groupBy(trials, ({ id }) => id)].map(([id, some]) => runChecks([credentialCheck(id)], some));
  return (await Promise.all(results)).flat();
}

const credentialCheck = (id: string): Check<readonly Trial[]> => ({
  id: `credential.${id}`,
  title: `The old ${id} credential is refused, and the new one is let in`,
  source: 'site',
  level: 'L7',
  required: true,
  expected: 'the old one refused, the new one let in',
  look: judge,
});

/** Pure but for the trials. */
export async function judge(trials: readonly Trial[]): Promise<Seen> {
  const wrong: string[] = [];
  for (const { what, old, fresh } of trials) {
    const still = await old();
    if (still === undefined) wrong.push(`${what}: it was not changed`);
    if (still) wrong.push(`${what}: the old one still opens it`);
    if (!(await fresh())) wrong.push(`${what}: the new one does not open it`);
  }
  if (wrong.length > 0) return { state: 'failed', code: 'CREDENTIAL_LIVES', got: wrong.join('; '), details: wrong };
  return { state: 'passed', got: `refused and let in: ${trials.map(({ what }) => what).join(', ')}` };
}
