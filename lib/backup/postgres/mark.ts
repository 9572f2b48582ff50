import { z } from 'zod';
import type { Ctx, KubeObject } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import type { CheckResult } from '../check.ts';
import type { PartOf } from '../set.ts';
import type { Postgres } from '../source.ts';
import { PGDATA } from './repository.ts';

/** What is restored, and where. */
export interface Filling {
  part: PartOf<'postgres'>;
  site: Site;
  at?: Date;
  archive: 'on' | 'off';
  /** The StatefulSet as it will be, while there is none: its volume is filled before Velero has come to it. */
  workload?(ctx: Ctx): Promise<KubeObject | undefined>;
}

/** What a restore leaves in the data directory that it put in place. */
export interface Mark {
  run: string;
  restorePoint: string;
  /** 'latest', or the moment that WAL was replayed to. */
  target: string;
}

const mark = z.strictObject({ run: z.string(), restorePoint: z.string(), target: z.string() });

export const markOf = ({ part, at }: Filling, ctx: Pick<Ctx, 'run'>): Mark => ({
  run: ctx.run.id,
  restorePoint: part.facts.restorePoint.name,
  target: at?.toISOString() ?? 'latest',
});

/** What was seen at the set's point, before the directory got its name: beside the mark, and as good as a manifest's. */
export const COMPARED = 'muster-compared';

/** Empty: nobody restored this directory. */
export async function readMark(postgres: Postgres): Promise<string> {
  return (await postgres.exec(['sh', '-c', `cat ${PGDATA}/muster-restored 2>/dev/null || true`])).stdout.text;
}

/** undefined: there is none, or it is none of ours. */
export function parseMark(text: string): Mark | undefined {
  try {
    return mark.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The checks at the set's point, as the restore wrote them down; undefined: it was not restored by muster. */
export async function readCompared(postgres: Postgres): Promise<CheckResult[] | undefined> {
  const { code, stdout } = await postgres.exec(['cat', `${PGDATA}/${COMPARED}`]);
  return code === 0 ? (JSON.parse(stdout.text) as CheckResult[]) : undefined;
}
