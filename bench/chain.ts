import type { Entry } from '../lib/engine/journal.ts';

/** A step's effects, one after the other. */
export interface Timed {
  /** 'k3s.config host/server-1' */
  key: string;
  begun: number;
  ms: number;
}

export interface Chain {
  ms: number;
  steps: Timed[];
}

/** Out of a journal: each run of a step, by its effects; one that is removed and made again is two. */
export function timedSteps(entries: readonly Entry[]): Timed[] {
  const ends = new Map(entries.flatMap(entry => (entry.t === 'end' ? [[entry.n, entry.ms] as const] : [])));
  const runs = new Map<string, Timed>();
  for (const entry of entries) {
    if (entry.t !== 'begin') continue;
    const key = `${entry.step} ${entry.target}`;
    const run = `${key} ${entry.change.action === 'delete'}`;
    const timed = runs.get(run) ?? { key, begun: Date.parse(entry.at), ms: 0 };
    timed.ms += ends.get(entry.n) ?? 0;
    runs.set(run, timed);
  }
  return [...runs.values()];
}

/**
 * The dearest chain in which each step needs the one before it, directly or through steps that had nothing to do.
 * Steps that no script has, as those of a restore, come in turn within their source.
 */
export function longestChain(timed: readonly Timed[], needs: ReadonlyMap<string, readonly string[]>): Chain {
  const own = new Map(timed.map(step => [step.key, step]));
  const known = new Map<string, Chain>();
  const before = (key: string): readonly string[] => [...(needs.get(key) ?? []), ...inTurn(key, timed, needs)];
  const upTo = (key: string): Chain => {
    const seen = known.get(key);
    if (seen) return seen;
    known.set(key, { ms: 0, steps: [] });
    const longest = longer(before(key).map(upTo));
    const step = own.get(key);
    const chain = step ? { ms: longest.ms + step.ms, steps: [...longest.steps, step] } : longest;
    known.set(key, chain);
    return chain;
  };
  return longer(timed.map(({ key }) => upTo(key)));
}

const longer = (chains: readonly Chain[]): Chain =>
  chains.reduce((a, b) => (b.ms > a.ms ? b : a), { ms: 0, steps: [] as Timed[] });

const sourceOf = (key: string) => key.split('.')[0] ?? '';

function inTurn(key: string, timed: readonly Timed[], needs: ReadonlyMap<string, readonly string[]>): string[] {
  const source = timed.filter(each => sourceOf(each.key) === sourceOf(key)).sort((a, b) => a.begun - b.begun);
  if (source.every(each => needs.has(each.key))) return [];
  const at = source.findIndex(each => each.key === key);
  return at > 0 ? [source[at - 1]?.key ?? ''] : [];
}
