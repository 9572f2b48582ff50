import { type Artefact, SOURCES, type SourceName } from '../set.ts';
import { type Damage, NoRoom, type SetCopy } from '../source.ts';
import { bytesAt } from './victim.ts';

/** As after a hand that copied back what it had mixed up: everything is there, and of the right names. */
export const exchanged: readonly Damage[] = SOURCES.filter(hasMany).map(source => ({
  id: `${source}/exchanged`,
  title: `two objects of ${source} are exchanged`,
  source,
  async plant(copy) {
    const [one, two] = pairOf(copy, source);
    const bytes = [await bytesAt(copy, one.key), await bytesAt(copy, two.key)] as const;
    await copy.store.put(one.key, bytes[1]);
    await copy.store.put(two.key, bytes[0]);
  },
  expect: { verdict: 'not verified', code: 'SET_ARTEFACT_CHANGED', level: 'L0' },
}));

/** The control plane is one copy. */
function hasMany(source: SourceName): boolean {
  return source !== 'control-plane';
}

function pairOf({ set }: SetCopy, source: SourceName): [Artefact, Artefact] {
  const [one, ...others] = set.manifest.sources.find(part => part.source === source)?.artefacts ?? [];
  const two = others.find(({ sha256 }) => sha256 !== one?.sha256);
  if (one && two) return [one, two];
  throw new NoRoom(`the set has no two objects of ${source} to exchange`);
}
