import type { Ctx, Decision, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { type Coverage, coverageOf, coveredBy, seeClaims } from './claims.ts';
import { locateFor } from './where.ts';

/** velero.preflight: no volume of the declared namespaces would be skipped. Nothing is changed. */
export const preflightStep = (site: Site): Step<{ namespaces: readonly string[] }, Coverage> => ({
  id: 'velero.preflight',
  title: 'Prove that a backup covers every volume',
  target: { site: site.name, kind: 'cluster', name: site.name },
  want: { namespaces: site.backup?.namespaces ?? [] },
  deadline: minutes(2),
  observe: ctx => readCoverage(site, ctx),
  decide: decidePreflight,
  async apply() {},
});

export const decidePreflight = (_: unknown, { expected, excluded }: Coverage): Decision => ({
  is: 'done',
  reason: `${expected.length} volumes by Velero, ${excluded.length} by other sources`,
});

/** Errors: VOLUME_UNCOVERED with every volume and what to do about it. */
export async function readCoverage(site: Site, ctx: Pick<Ctx, 'cluster'>): Promise<Coverage> {
  const { namespaces = [], sources = [] } = site.backup ?? {};
  const seen = await seeClaims(await ctx.cluster(site.name), namespaces);
  const coverage = coverageOf(seen, coveredBy(sources), locateFor(site));
  const { uncovered } = coverage;
  if (uncovered.length === 0) return coverage;
  throw new OpsError(
    'VOLUME_UNCOVERED',
    `cannot back up ${site.name}: ${uncovered.length} volumes are covered by no source`,
    { details: uncovered },
  );
}
