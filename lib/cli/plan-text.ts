import { type Change, type Decision, type Plan, type PlanItem, planData, shown } from '../engine/index.ts';
import { isOpsError, type OpsError } from '../errors/index.ts';
import { escapeControls } from '../shell/failures.ts';
import { json, table } from './output.ts';
import { stepLabel } from './view/track.ts';

/** Stable: the order is the plan's, and no time or path of this computer is in it. */
export function planText(plan: Plan, asJson: boolean): string {
  if (asJson) return json({ changes: plan.changes, unknown: plan.unknown, steps: planData(plan) });
  const rows = plan.items.flatMap(rowsOf);
  const done = plan.items.filter(({ decision }) => decision.is === 'done').length;
  const counts = `${count(plan.changes, 'change')}, ${plan.unknown} unknown, ${count(done, 'step')} with nothing to do`;
  const unseen = new Set(plan.items.flatMap(({ decision }) => (isGuess(decision) ? decision.reason : [])));
  const why = [...unseen].map(reason => `(unknown) is what a new site would get: ${escapeControls(reason)}`);
  const next = [...new Set(plan.items.flatMap(item => errorOf(item)?.hint ?? []))];
  const hints = next.map((hint, n) => `${n === 0 ? 'next' : '    '}  ${escapeControls(hint)}`);
  return [...(rows.length > 0 ? [table(rows), ''] : []), counts, ...why, ...hints].join('\n');
}

/** Of a step of which nothing can be said. */
const errorOf = ({ decision, error }: PlanItem): OpsError | undefined =>
  decision.is === 'unknown' && !isGuess(decision) && isOpsError(error) ? error : undefined;

const isGuess = (decision: Decision): decision is Extract<Decision, { is: 'unknown' }> =>
  decision.is === 'unknown' && decision.likely !== undefined;

/** What is before it is not there, so that it could not be looked at. */
const NOT_YET = '(cannot be told yet)';

const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;

function rowsOf(item: PlanItem): string[][] {
  const { step, decision } = item;
  const label = stepLabel(step);
  if (decision.is === 'done') return [];
  if (decision.is === 'unknown' && decision.likely)
    return decision.likely.map(change => [change.action, label, changeText({ ...change, grade: 'unknown' })]);
  if (decision.is === 'unknown')
    return [
      ['unknown', label, escapeControls(decision.reason)],
      ...(errorOf(item)?.details ?? []).map(detail => ['', '', escapeControls(detail)]),
    ];
  return decision.changes.map(change => [
    change.action,
    label,
    change.what === step.title ? NOT_YET : changeText(change),
  ]);
}

/** How sure it is stands behind it, unless it is known. */
function changeText(change: Change): string {
  const { what, from, to, grade } = shown(change);
  const values = [from, to].filter(value => value !== undefined).join(' -> ');
  return escapeControls([what, values, grade === 'known' ? '' : `(${grade})`].filter(Boolean).join('  '));
}
