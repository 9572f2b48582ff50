import type { Code } from '../errors/index.ts';
import type { SourceName } from './set.ts';

/**
 * How far a proof went: L0 artefact exists, L1 repository check, L2 restores without error, L3 structure, L4 volume
 * against the manifest, L5 meaning, L6 application, L7 operable.
 */
export const LEVELS = ['L0', 'L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'L7'] as const;
export type Level = (typeof LEVELS)[number];

export interface CheckResult {
  /** 'postgres.tables' */
  id: string;
  title: string;
  source: SourceName | 'set' | 'app' | 'site';
  level: Level;
  required: boolean;
  expected: string;
  got: string;
  /** failed: wrong or missing data was seen. unrun: it could not be looked at. */
  state: 'passed' | 'failed' | 'unrun';
  /** Of a failed one: what is wrong, as a code of lib/errors. Of an unrun one: why. */
  code?: Code;
  /** Every difference, cut at 50; hostile names are data here and stay text everywhere. */
  details?: readonly string[];
}

/** Runs on whatever Of says is there: a restored site, a scratch database, a copy of a bucket. */
export interface Check<Of> extends Pick<CheckResult, 'id' | 'title' | 'source' | 'level' | 'required'> {
  expected: string;
  /** Throws only what makes it unrun (STORE_UNREACHABLE, CLUSTER_UNREACHABLE, SHELL_LOST ...); wrong data is a result. */
  look(of: Of): Promise<Pick<CheckResult, 'state' | 'got' | 'code' | 'details'>>;
}
