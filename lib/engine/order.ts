import { createHash } from 'node:crypto';
import { OpsError } from '../errors/index.ts';
import type { AnyStep, Target } from './types.ts';

export const targetName = (target: Target): string => `${target.kind}/${target.name}`;
export const stepKey = (step: AnyStep): string => `${step.id} ${targetName(step.target)}`;

/** Steps in the order of their needs; among equals, as the scripts list them. `needs` by step. */
export interface Ordered {
  steps: AnyStep[];
  needs: Map<AnyStep, AnyStep[]>;
}

/**
 * Steps that are all removals go in the reverse order. What `select` leaves out is taken as it is.
 * Errors: PLAN_INVALID for a step twice, a need that nothing meets, or a circle.
 */
export function orderSteps(all: readonly AnyStep[], select: (step: AnyStep) => boolean = () => true): Ordered {
  const byId = indexById(all);
  const steps = all.filter(select);
  const removal = steps.length > 0 && steps.every(step => step.want === undefined);
  const needs = new Map(steps.map(step => [step, needed(step, byId).filter(select)]));
  const graph = removal ? reversed(needs) : needs;
  const done = new Set<AnyStep>();
  const ordered: AnyStep[] = [];
  const visit = (step: AnyStep, trail: AnyStep[]) => {
    if (done.has(step)) return;
    if (trail.includes(step))
      throw invalid(`steps need each other in a circle: ${[...trail, step].map(stepKey).join(' -> ')}`);
    for (const need of graph.get(step) ?? []) visit(need, [...trail, step]);
    done.add(step);
    ordered.push(step);
  };
  for (const step of removal ? [...steps].reverse() : steps) visit(step, []);
  return { steps: ordered, needs: graph };
}

function indexById(steps: readonly AnyStep[]): Map<string, AnyStep[]> {
  const byId = new Map<string, AnyStep[]>();
  const keys = new Set<string>();
  for (const step of steps) {
    if (keys.has(stepKey(step))) throw invalid(`the step ${stepKey(step)} is there twice`);
    keys.add(stepKey(step));
    byId.set(step.id, [...(byId.get(step.id) ?? []), step]);
  }
  return byId;
}

function needed(step: AnyStep, byId: Map<string, AnyStep[]>): AnyStep[] {
  return (step.needs ?? []).flatMap(need => {
    const all = byId.get(need.step);
    const found =
      need.scope === 'all' ? all : all?.filter(other => targetName(other.target) === targetName(step.target));
    if (!found?.length) throw invalid(`${stepKey(step)} needs ${need.step} (${need.scope}), which no step is`);
    return found;
  });
}

/** What is removed goes before what it stood on. */
function reversed(needs: Map<AnyStep, AnyStep[]>): Map<AnyStep, AnyStep[]> {
  const back = new Map<AnyStep, AnyStep[]>([...needs.keys()].map(step => [step, []]));
  for (const [step, list] of needs) for (const need of list) back.get(need)?.push(step);
  return back;
}

const invalid = (text: string) => new OpsError('PLAN_INVALID', `cannot make a plan: ${text}`);

/** A short name for what a step wants, stable over key order. Secrets print as ***, so none can be guessed from it. */
export function hashWant(want: unknown): string {
  const stable = JSON.stringify(want ?? null, (_, value) =>
    value && typeof value === 'object' && !Array.isArray(value) && !('toJSON' in value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash('sha256').update(stable).digest('hex').slice(0, 12);
}
