import { randomUUID } from 'node:crypto';
import type { Ctx, Decision, Need, ObjectStore, Step } from '../../engine/index.ts';
import { isOpsError, OpsError, oneLine } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { bucketName } from '../../store/index.ts';
import { minutes } from '../../time/index.ts';
import { KEYS } from '../set.ts';

/** silent: why it could not be read. */
export interface ReadingFacts {
  silent?: string;
}

/** store.bucket of a rehearsal: its source's bucket, which it can read and in which it can write nothing. */
export function readingStep(site: Site, of: Site, needs: readonly Need[]): Step<{ name: string }, ReadingFacts> {
  return {
    id: 'store.bucket',
    title: `Read the store of ${of.name}, and not be able to write there`,
    target: { site: site.name, kind: 'site', name: site.name },
    want: { name: bucketName(of) },
    needs,
    deadline: minutes(2),
    observe: ctx => observeReading(site, of, ctx),
    decide: decideReading,
    // Nothing is made there.
    apply: async () => {},
  };
}

export const decideReading = (want: { name: string } | undefined, { silent }: ReadingFacts): Decision => {
  if (!want) return { is: 'done', reason: "its source's" };
  if (silent !== undefined) return { is: 'unknown', reason: silent };
  return { is: 'done', reason: `${want.name} is read, and refuses what is written` };
};

/** Errors: FENCE_OPEN: these keys write. What was written is removed again. */
async function observeReading(site: Site, of: Site, ctx: Ctx): Promise<ReadingFacts> {
  try {
    const store = await ctx.store(site.name);
    await store.list(KEYS.sets);
    if (!(await mayWrite(store))) return {};
  } catch (error) {
    if (isOpsError(error, 'STORE_UNREACHABLE')) return { silent: oneLine(error) };
    throw error;
  }
  throw new OpsError('FENCE_OPEN', `cannot rehearse ${of.name}: the keys that only read its store write there too`, {
    hint: 'a rehearsal wants keys of the store that read and nothing else; a local store has them',
  });
}

/** Tried, not asked: a policy that was accepted proves nothing. Errors: STORE_UNREACHABLE. */
export async function mayWrite(store: ObjectStore): Promise<boolean> {
  const probe = `.muster/probe-${randomUUID()}`;
  const written = await store.put(probe, 'a rehearsal must not be able to', { ifAbsent: true }).then(
    () => true,
    error => {
      if (isOpsError(error, 'STORE_REFUSED')) return false;
      throw error;
    },
  );
  if (written) await store.remove([probe]).catch(() => undefined);
  return written;
}
