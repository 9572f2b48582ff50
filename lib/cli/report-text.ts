import type { DrillPlan } from '../drill/drill-site.ts';
import type { Report } from '../drill/report.ts';
import { formatDuration } from '../time/index.ts';
import { table } from './output.ts';

/** The phases, and in their order the steps that each would look at. */
export const drillPlanText = ({ set, phases }: DrillPlan): string =>
  table([['set', set], ...phases.flatMap(({ name, steps }) => steps.map((step, n) => [n === 0 ? name : '', step]))]);

/** What a drill or a rebuild came to; `next`: commands. */
export function reportText(
  report: Report,
  folder: string,
  next: readonly string[] = [`./muster verify-evidence ${folder}`],
): string {
  const { verdict, rto, rpo, checks, error } = report;
  const open = checks.filter(({ state, required }) => required && state !== 'passed');
  const span = (ms: number | null) => (ms === null ? 'not told' : formatDuration(ms));
  const kept = (met: boolean | null) => (met === null ? '' : met ? ', met' : ', MISSED');
  return table([
    ['verdict', `${verdict}: ${report.title}`],
    ['set', report.set?.id ?? 'none'],
    ...(error ? [['error', `${error.code}: ${error.message}`]] : []),
    ...open.map(({ id, code, got }) => ['check', `${id}: ${code ?? ''} ${got}`]),
    ['checks', `${checks.filter(({ state }) => state === 'passed').length} of ${checks.length} passed`],
    ['rto', `${span(rto.ms)}, target ${span(rto.target)}${kept(rto.met)}`],
    ...report.clocks.phases.map(({ name, ms }) => ['', `${name}: ${span(ms)}`]),
    ...rpo.sources.map(({ source, ms, target, met }) => [
      'rpo',
      `${source}: ${span(ms)}, target ${span(target)}${kept(met)}`,
    ]),
    ['evidence', `${folder}/report.html`],
    ...next.map((line, n) => [n === 0 ? 'next' : '', line]),
  ]);
}
