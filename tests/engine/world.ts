import type { AnyStep, Change, EngineEvent, Gate, Ports, RunEnv, Step } from '../../lib/engine/index.ts';
import type { SecretStore } from '../../lib/secret/index.ts';
import { systemClock } from '../../lib/time/index.ts';

/** A world in memory: names that exist. Steps make and remove names; what a test breaks is a field. */
export interface World {
  names: Set<string>;
  effects: string[];
  events: EngineEvent[];
}

export const newWorld = (): World => ({ names: new Set(), effects: [], events: [] });

export interface MakeOptions {
  needs?: string[];
  host?: string;
  absent?: boolean;
  /** Replaces the effect. */
  act?: (ctx: Parameters<Step['apply']>[1]) => Promise<void>;
  observe?: () => Promise<boolean>;
  deadline?: number;
  serial?: number;
  destroys?: boolean;
  forever?: boolean;
}

/** A step that wants a name to be there. */
export function make(world: World, name: string, options: MakeOptions = {}): AnyStep {
  const step: Step<string, boolean> = {
    id: name,
    title: `make ${name}`,
    target: { site: 'test', kind: 'host', name: options.host ?? 'one' },
    ...(!options.absent && { want: name }),
    needs: (options.needs ?? []).map(id => ({ step: id, scope: 'all' as const })),
    deadline: options.deadline ?? 5000,
    ...(options.serial !== undefined && { serial: options.serial }),
    ...(options.destroys && { destroys: true }),
    observe: options.observe ?? (async () => world.names.has(name)),
    decide: (want, there) => {
      if ((want !== undefined) === there) return { is: 'done', reason: there ? 'there' : 'gone' };
      const { forever = false } = options;
      const change: Change = { action: there ? 'delete' : 'create', what: name, grade: 'known', forever };
      return { is: 'changes', changes: [change] };
    },
    apply: async (change, ctx) => {
      await ctx.effect(change, async () => {
        world.effects.push(`${change.action} ${name}`);
        if (options.act) return options.act(ctx);
        if (change.action === 'create') world.names.add(name);
        else world.names.delete(name);
      });
    },
  };
  return step;
}

const refuse = () => Promise.reject(new Error('not in this test'));
const noSecrets: SecretStore = { get: refuse, put: refuse, generate: refuse, remove: refuse, list: refuse };
export function newEnv(world: World, state: string, overrides: Partial<RunEnv> = {}): RunEnv {
  const ports: Ports = {
    clock: systemClock,
    secrets: noSecrets,
    facts: { ask: refuse, forget: host => void world.effects.push(`forget ${host ?? 'all'}`) },
    shell: refuse,
    cluster: refuse,
    store: refuse,
  };
  return {
    run: {
      id: 'run-1',
      verb: 'bootstrap',
      site: 'test',
      startedAt: '2026-11-21T00:00:00.000Z',
      choices: {},
      dirs: { project: state, state, cache: state },
    },
    ports,
    signal: new AbortController().signal,
    emit: event => void world.events.push(event),
    pace: 1,
    limit: 4,
    ...overrides,
  };
}

/** A gate whose journal keeps entries in memory. */
export function memoryGate(): Gate & { entries: unknown[] } {
  const entries: unknown[] = [];
  let n = 0;
  const created = new Set<string>();
  return {
    entries,
    check: async () => {},
    journal: async () => ({ append: async entry => void entries.push(entry), close: async () => {} }),
    next: () => ++n,
    created: () => [...created],
    creates: step => void created.add(step),
  };
}
