import type { SecretStore } from '../secret/index.ts';
import type { Clock, Duration, Wait } from '../time/index.ts';
import type { ClusterApi, Facts, ObjectStore, Probe, Shell } from './ports.ts';

/** What a step works on. A host's `name` is the machine's; `localhost` is this computer. */
export interface Target {
  site: string;
  kind: 'site' | 'host' | 'cluster';
  name: string;
}

export type Action = 'create' | 'update' | 'replace' | 'delete' | 'run';
/** How sure a plan is: observed, derived from a step before it, or not to be told yet. */
export type Grade = 'known' | 'predicted' | 'unknown';

/** A change is data: it is shown, journaled and counted. Never holds a secret: `secret: true` shows from and to as ***. */
export interface Change {
  action: Action;
  /** The thing in the field's terms: 'machine server-1', 'file /etc/rancher/k3s/config.yaml'. */
  what: string;
  from?: string;
  to?: string;
  grade: Grade;
  secret?: boolean;
  /** Nobody can take it back; wants --confirm=<site>. */
  forever?: boolean;
}

export type Decision =
  | { is: 'done'; reason: string }
  | { is: 'changes'; changes: readonly Change[] }
  | {
      is: 'unknown';
      reason: string;
      /** What it would be if nothing is there: for the plan of a site whose account cannot be asked. */
      likely?: readonly Change[];
    };

export interface Need {
  step: string;
  /** The same target's step, or every target's. */
  scope: 'same' | 'all';
}

/** Read, decide, act. See design.md section 3: verified means observed and decided again: done. */
export interface Step<Want = unknown, Facts = unknown> {
  id: string;
  title: string;
  target: Target;
  /** Absent: what the step makes is to be gone. */
  want?: Want;
  needs?: readonly Need[];
  /** At most so many of this id at once. */
  serial?: number;
  deadline: Duration;
  /** Loses data that cannot be made again; wants --confirm=<site>. */
  destroys?: boolean;
  /** Reads only. */
  observe(ctx: Ctx): Promise<Facts>;
  /** Pure. */
  decide(want: Want | undefined, facts: Facts): Decision;
  /** Every effect inside ctx.effect(change, ...). Called once for each change, in order. */
  apply(change: Change, ctx: Ctx): Promise<void>;
}

/** Steps of different wants and facts in one list: each stays typed inside. */
// biome-ignore lint/suspicious/noExplicitAny: the list is heterogeneous; a step's own types meet again inside it.
export type AnyStep = Step<any, any>;

/** The run: the journal's first line, and where things lie on this computer. */
export interface Run {
  id: string;
  verb: string;
  site: string;
  /** UTC, ISO 8601. */
  startedAt: string;
  /** Choices that a resumed run must keep. Never a secret. */
  choices: Readonly<Record<string, string>>;
  dirs: Dirs;
}

export interface Dirs {
  /** The checkout. */
  project: string;
  /** .muster/<site>, 0700. */
  state: string;
  /** Shared by sites and checkouts; only a cache. */
  cache: string;
}

/** Narrowed to one step: what it may use. */
export interface Ctx {
  target: Target;
  run: Run;
  signal: AbortSignal;
  clock: Clock;
  secrets: SecretStore;
  /** The one gate: journals `begin`, acts, journals `end`. Closed in a dry run. */
  effect<T>(change: Change, act: () => Promise<T>): Promise<T>;
  wait<T>(spec: Wait<T>): Promise<T>;
  /** A run that was killed began this very effect, and its end is not known: a list that lags may not show it yet. */
  unfinished(change: Change): boolean;
  facts<T>(host: string, probe: Probe<T>): Promise<T>;
  shell(host: string): Promise<Shell>;
  cluster(site: string): Promise<ClusterApi>;
  /** The bucket of a site's backups. Errors: STORE_UNREACHABLE; INVENTORY has no backup section. */
  store(site: string): Promise<ObjectStore>;
  /** What goes on inside a long apply, one line. */
  progress(text: string): void;
}

/** What cli wires together once for a run. */
export interface Ports {
  clock: Clock;
  secrets: SecretStore;
  facts: Facts;
  shell(host: string): Promise<Shell>;
  cluster(site: string): Promise<ClusterApi>;
  store(site: string): Promise<ObjectStore>;
}

export type EngineEvent =
  | { type: 'observing'; step: AnyStep }
  | { type: 'decided'; step: AnyStep; decision: Decision }
  | { type: 'begin'; step: AnyStep; change: Change }
  | { type: 'end'; step: AnyStep; change: Change; ms: Duration }
  | { type: 'waiting'; step: AnyStep; what: string; saw: string; ms: Duration }
  | { type: 'progress'; step: AnyStep; text: string }
  | { type: 'done'; step: AnyStep; ms: Duration; changed: number; reason: string }
  | { type: 'failed'; step: AnyStep; error: unknown }
  | { type: 'notice'; text: string };

export type Emit = (event: EngineEvent) => void;
