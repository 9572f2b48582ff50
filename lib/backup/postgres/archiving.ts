import { isRecord } from '../../cluster/index.ts';
import type { StoredObject } from '../../engine/index.ts';
import { type Duration, minutes } from '../../time/index.ts';
import { CONTAINER, NAMESPACE, POD } from './names.ts';
import { archivedSegments } from './wal.ts';

export const POD_REF = { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, name: POD };

/** At most between the clocks of the store and of a machine. */
const APART: Duration = minutes(2);

/** Of the container that runs; undefined: none does. */
export function startedAt({ status }: { status?: unknown; [key: string]: unknown }): string | undefined {
  const all = isRecord(status) && Array.isArray(status.containerStatuses) ? status.containerStatuses : [];
  const state = all.filter(isRecord).find(({ name }) => name === CONTAINER)?.state;
  const running = isRecord(state) && isRecord(state.running) ? state.running : {};
  return typeof running.startedAt === 'string' ? running.startedAt : undefined;
}

/**
 * What came into the archive since this server started came from it: it archives, to a stanza that is there, on the
 * timeline that it is on. false is no answer: one that has just started is to be asked itself.
 */
export const archivedSince = (started: string | undefined, objects: readonly StoredObject[]): boolean =>
  started !== undefined &&
  objects.some(
    ({ key, modified }) => Date.parse(modified) - Date.parse(started) > APART && archivedSegments([key]).size > 0,
  );
