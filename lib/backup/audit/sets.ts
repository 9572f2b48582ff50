import type { StoredObject } from '../../engine/index.ts';
import { inspect } from '../artefacts.ts';
import { newestComplete, type SetList, type SetRow } from '../list.ts';
import { type Artefact, KEYS } from '../set.ts';
import type { SealedSet } from '../source.ts';
import { type AuditCheck, seen } from './at-hand.ts';

/** What is no backup, and what was one. */
export const setsCheck: AuditCheck = {
  id: 'audit.sets',
  title: 'Every set is complete, trusted and there',
  source: 'set',
  level: 'L0',
  required: true,
  expected: 'no set that is damaged, gone, or younger than the newest complete one and not complete',
  async look({ sets }) {
    const list = await sets();
    const wrong = setsWrong(list);
    const [first] = wrong;
    if (first)
      return seen(
        first.code,
        wrong.map(({ text }) => text),
        '',
      );
    const old = list.rows.filter(({ complete }) => !complete).length;
    const complete = `${list.rows.length - old} complete sets`;
    const got = old > 0 ? `${complete}; ${old} older ones were never whole, and a later one is` : complete;
    return list.rows.some(row => row.complete)
      ? { state: 'passed', got }
      : { state: 'failed', code: 'SET_ABSENT', got };
  },
};

type Wrong = NonNullable<SetRow['problem']>;

/** Pure. A set that was sealed and cannot be trusted; that is gone; that failed, with none complete after it. */
export function setsWrong({ rows, vanished }: SetList): Wrong[] {
  const newest = newestComplete(rows)?.id ?? '';
  const named = new Set(rows.flatMap(({ set }) => set?.manifest.previous?.id ?? []));
  const problems = rows.flatMap(({ id, problem }): Wrong[] => {
    if (!problem) return [];
    const { code, text } = problem;
    if (code !== 'SET_INCOMPLETE') return [{ code, text: `${id}: ${text}` }];
    // Only what was sealed is named as the one before.
    if (named.has(id) && text === 'never sealed')
      return [{ code: 'SET_ARTEFACT_MISSING', text: `${id}: its manifest is gone` }];
    return id > newest ? [{ code, text: `${id}: ${text}` }] : [];
  });
  const gone = vanished.map((id): Wrong => ({ code: 'SET_ABSENT', text: `${id}: gone, and it did not expire` }));
  return [...problems, ...gone];
}

/** By name and size; what was written again since its set was sealed is read. The newest one's bytes are a check of their own. */
export const artefactsCheck: AuditCheck = {
  id: 'audit.objects',
  title: 'Every object of every set is there, as long as it was',
  source: 'set',
  level: 'L0',
  required: true,
  expected: 'each artefact with its size',
  async look({ sets, objects, store }) {
    const sealed = (await sets()).rows.flatMap(({ set }) => set ?? []);
    const all = await objects();
    const { missing, changed, count } = artefactsWrong(sealed, all);
    if (missing.length > 0) return seen('SET_ARTEFACT_MISSING', [...missing, ...changed], '');
    const { findings } = await inspect(await store(), writtenAgain(sealed, all));
    const others = new Set([...changed, ...findings.map(({ key, got }) => `${key}: ${got}`)]);
    return seen('SET_ARTEFACT_CHANGED', [...others], `${count} objects of ${sealed.length} sets`);
  },
};

/** Artefacts that are younger than the manifest that names them. In a bucket that was copied that may be all of them. */
export function writtenAgain(sets: readonly SealedSet[], objects: readonly StoredObject[]): Artefact[] {
  const times = new Map(objects.map(({ key, modified }) => [key, Date.parse(modified)]));
  const at = (key: string) => times.get(key) ?? 0;
  return sets.flatMap(({ manifest: { id, sources } }) =>
    sources.flatMap(({ artefacts }) => artefacts).filter(({ key }) => at(key) > at(KEYS.manifest(id))),
  );
}

export function artefactsWrong(sets: readonly SealedSet[], objects: readonly StoredObject[]) {
  const sizes = new Map(objects.map(({ key, size }) => [key, size]));
  const missing = new Set<string>();
  const changed = new Set<string>();
  const all = sets.flatMap(({ manifest }) => manifest.sources.flatMap(({ artefacts }) => artefacts));
  for (const { key, size } of all) {
    const now = sizes.get(key);
    if (now === undefined) missing.add(`${key}: not there`);
    else if (now !== size) changed.add(`${key}: ${now} bytes instead of ${size}`);
  }
  const count = new Set(all.map(({ key }) => key)).size;
  return { missing: [...missing], changed: [...changed], count };
}
