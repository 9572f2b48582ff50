import type { Change, Decision } from '../../engine/index.ts';

/** What the database says of itself; null: nothing yet. */
export interface Data {
  migration: string | null;
  seed: string | null;
  /** Somebody is in the table of users. */
  people: boolean;
}

export interface MigrateFacts {
  /** The last migration of this checkout, of which the image is made. */
  needed: string;
  data: Data;
}

export interface AnswerFacts {
  url: string;
  needed: string;
  /** Why there is no answer that counts. */
  problem?: string;
  data?: Data;
  /** What is missing until the newest pods are the ones that answer. */
  open: readonly string[];
}

/** The database decides, not its Jobs: one that was restored has no Jobs, and is not touched. */
export function decideMigrate(_: unknown, { needed, data: { migration } }: MigrateFacts): Decision {
  if (migration === needed) return { is: 'done', reason: `the database is at ${needed}` };
  // Numbers of four digits: they sort as text.
  if (migration !== null && migration > needed)
    return {
      is: 'unknown',
      reason: `the database is at ${migration}, newer than this checkout, which ends at ${needed}`,
    };
  const change: Change = { action: 'run', what: 'migrate', from: migration ?? 'no tables', to: needed, grade: 'known' };
  return { is: 'changes', changes: [change] };
}

/** Once, into an empty database. How many people there are later says nothing: they come and go. */
export function decideSeed({ mark }: { mark: string } = { mark: '' }, { seed, people }: Data): Decision {
  if (seed === mark) return { is: 'done', reason: `seeded: ${mark}` };
  if (seed !== null)
    return {
      is: 'unknown',
      reason: `the database was filled with seed ${seed}, the inventory says ${mark}: what is there is not replaced`,
    };
  if (people) return { is: 'unknown', reason: 'the table users has people in it that no seed put there' };
  return { is: 'changes', changes: [{ action: 'run', what: 'seed', from: 'empty', to: mark, grade: 'known' }] };
}

export function decideAnswers({ mark }: { mark: string } = { mark: '' }, facts: AnswerFacts): Decision {
  const missing = missingOf(mark, facts);
  if (missing.length === 0)
    return { is: 'done', reason: `${facts.url} answers: migration ${facts.needed}, seed ${mark}` };
  const change: Change = {
    action: 'run',
    what: 'wait until the app answers',
    from: missing.join('; '),
    grade: 'known',
  };
  return { is: 'changes', changes: [change] };
}

/** What is missing until the app answers as it should. */
export function missingOf(mark: string, { needed, problem, data, open }: AnswerFacts): string[] {
  const missing = [...open, ...(problem ? [problem] : [])];
  if (!data) return missing.length > 0 ? missing : ['its answer says nothing of the database'];
  if (data.migration !== needed) missing.push(`the database is at ${data.migration ?? 'no migration'}, not ${needed}`);
  if (data.seed !== mark) missing.push(`its seed is ${data.seed ?? 'not in'}, not ${mark}`);
  return missing;
}
