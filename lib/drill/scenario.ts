import type { CheckResult } from '../backup/check.ts';
import type { EscrowAt } from '../backup/escrow/place.ts';
import type { SourceName } from '../backup/set.ts';
import type { SealedSet } from '../backup/source.ts';
import type { AnyStep } from '../engine/index.ts';
import type { InSession, OpenSite } from '../site/index.ts';
import type { Keys } from '../store/index.ts';
import type { Duration } from '../time/index.ts';
import type { Neighbour } from './neighbour.ts';
import type { Mark, Report, RpoOfSource } from './report.ts';
import type { Marked } from './timeline.ts';

/** One drill of a scenario, under way. */
export interface Drill {
  /** In the form of a set's id. */
  id: string;
  mode: Report['mode'];
  /** The site that is lost, or beside which it is rehearsed: then nothing of its state is at hand. */
  source: Pick<OpenSite, 'site'>;
  /** Of a rehearsal. */
  beside?: Neighbour;
  /** Of a rehearsal: keys of a bucket of its own, for its next backup. */
  scratch?: Keys;
  /** Where it comes up; in mode destroy the source itself. */
  target: OpenSite;
  set: SealedSet;
  /** The loss was declared. */
  t0: Date;
  /** Milliseconds by which clocks of the lost machines and ours may be apart; absent: not measured. */
  apart?: Duration;
  /** Of a rebuild: the moment to which the database goes back; absent: all that was archived. */
  at?: Date;
  /** Of a rebuild: with the places and the identity that are at hand. */
  escrow?: EscrowAt;
  /** .muster/<site>/drills/<id>: what was seen on the way lies there too. */
  folder: string;
}

/** A part of a drill: one plan. */
export interface Phase {
  name: string;
  /** Asked when the phase begins. */
  steps(): readonly AnyStep[] | Promise<readonly AnyStep[]>;
  select?(step: AnyStep): boolean;
  /** Reached when the phase is over; a drill that is gone on with does not begin the phase again. */
  end?: Mark;
  /** Looked at when its steps are done. What is required and not passed ends the drill. */
  prove?(): Promise<readonly CheckResult[]>;
}

/** A way to lose something, and to have it back: a file in scenarios/. */
export interface Scenario {
  id: string;
  title: string;
  /** What a person loses in mode destroy, for the confirmation. */
  loses: string;
  modes: readonly Report['mode'][];
  /** Its rehearsal makes no second site: what it may lose is written for it, beside what lives. */
  alone?: true;
  /** Its data comes out of the replica, and of nothing else; absent: out of the store. */
  from?: 'replica';
  /** Whose loss it is; absent: of more than one, or of something else. */
  namespace?: string;
  /** Of a scenario whose namespace can be chosen. */
  of?(namespace: string): Scenario;
  /** Sources without which it proves nothing. */
  sources: readonly SourceName[];
  /** What it does not try, for the report; may depend on what was seen. */
  notTried(checks: readonly CheckResult[]): readonly string[];
  phases(drill: Drill): Promise<readonly Phase[]>;
  /** After the last phase; all that it has, also those that could not be looked at. */
  checks(drill: Drill): Promise<readonly CheckResult[]>;
  /** By the canaries that came back. */
  rpo(drill: Drill, t0: Marked): Promise<readonly RpoOfSource[]>;
  /** After t8: whether it can be run on from here. */
  after(drill: Drill, session: InSession): Promise<readonly CheckResult[]>;
}

/** Whether a second site comes up for it. */
export const isBeside = ({ alone }: Pick<Scenario, 'alone'>, mode: Report['mode']): boolean =>
  mode === 'rehearse' && !alone;
