import type { ExitStatus } from '../errors/index.ts';
import type { Mask, Where } from './error-text.ts';
import type { Flags, SpecialFlag } from './flag-table.ts';
import type { Output } from './output.ts';

/** One command of a person, ready to be carried out. */
export interface Call {
  verb: string;
  /** Words after the verb. */
  args: readonly string[];
  flags: Flags;
  /** --site, or lab. */
  site: string;
  /** --yes, or CI: questions are answered with yes. */
  yes: boolean;
  out: Output;
  signal: AbortSignal;
  /** The checkout. */
  project: string;
  env: NodeJS.ProcessEnv;
  /** Where it is; the view adds the step in which something failed. */
  where: Where;
  /** For what is said of a failure; an open site puts its masker here. */
  mask: Mask;
}

/** Returns the exit status; absent is done. What goes wrong is thrown as OpsError. */
export type Act = (call: Call) => Promise<ExitStatus | undefined>;

export interface Verb {
  group: 'Site' | 'Backup' | 'AWS' | 'This computer' | 'Artifacts' | 'Reference';
  title: string;
  /** Words after the verb, as in 'CODE'; absent: there are none. */
  words?: string;
  flags: readonly SpecialFlag[];
  /** Everything after the verb belongs to another program. */
  passes?: boolean;
  /** Loads what the verb needs, and nothing before it is asked for. */
  load(): Promise<Act>;
}
