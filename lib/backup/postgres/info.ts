import { z } from 'zod';
import { OpsError } from '../../errors/index.ts';
import { seconds } from '../../time/index.ts';
import type { Postgres } from '../source.ts';
import { textOf } from './server.ts';

const backup = z.object({
  label: z.string(),
  type: z.string(),
  error: z.boolean().nullish(),
  annotation: z.record(z.string(), z.string()).nullish(),
  archive: z.object({ start: z.string().nullable(), stop: z.string().nullable() }),
  info: z.object({ size: z.int() }),
  /** Seconds since 1970. */
  timestamp: z.object({ start: z.int(), stop: z.int() }),
  backrest: z.object({ version: z.string() }),
});
export type BackupInfo = z.infer<typeof backup>;

const info = z
  .array(
    z.object({
      status: z.object({ code: z.int(), message: z.string() }),
      backup: z.array(backup),
      archive: z.array(z.object({ max: z.string().nullable() })),
      repo: z.array(z.object({ status: z.object({ code: z.int(), message: z.string() }) })).optional(),
    }),
  )
  .length(1);

export interface StanzaInfo {
  /** ok: with backups; empty: without one; absent: no stanza of this name. */
  is: 'ok' | 'empty' | 'absent';
  backups: BackupInfo[];
  /** The newest WAL segment in the archive. */
  newest: string | undefined;
}

/** Its exit status is 0 whatever happened: the codes are in the text. 1 to 3: no path, no valid backup, no data. */
const STATUS: Readonly<Record<number, StanzaInfo['is']>> = { 0: 'ok', 1: 'absent', 2: 'empty', 3: 'absent' };

/** Errors: STORE_UNREACHABLE with pgBackRest's words when it could not look. */
export function parseInfo(text: string): StanzaInfo {
  const [stanza] = info.parse(JSON.parse(text));
  const is = STATUS[stanza?.status.code ?? 99];
  if (stanza && is) {
    const newest = stanza.archive.flatMap(({ max }) => max ?? []).sort();
    return { is, backups: stanza.backup, newest: newest.at(-1) };
  }
  const words = stanza?.repo?.map(({ status }) => status.message) ?? [];
  throw new OpsError('STORE_UNREACHABLE', `cannot look into the repository: pgBackRest says ${words.join('; ')}`);
}

export const infoCommand = (stanza: string) => ['pgbackrest', `--stanza=${stanza}`, '--output=json', 'info'];

export async function readInfo(postgres: Postgres, stanza: string): Promise<StanzaInfo> {
  const result = await postgres.exec(infoCommand(stanza), { timeout: seconds(60) });
  return parseInfo(textOf(postgres.name, 'pgbackrest info', result));
}
