import { type Damage, NoRoom } from '../../source.ts';
import { blobsOf, bytesOf } from './deps.ts';

/** Both are whole, and neither is what its name says: kopia asks the name for the key. */
const exchanged = (kind: 'p' | 'x', what: string): Damage => ({
  id: `velero/${what}-exchanged`,
  title: `Two ${what} of the kopia repository were exchanged before the set was sealed`,
  source: 'velero',
  async plant(copy) {
    const [one, two] = (await blobsOf(copy, kind)).map(({ key }) => key);
    if (one === undefined || two === undefined) throw new NoRoom(`the set has no two ${what} to exchange`);
    const bytes = [await bytesOf(copy.store, one), await bytesOf(copy.store, two)] as const;
    await copy.store.put(one, bytes[1]);
    await copy.store.put(two, bytes[0]);
    await copy.reseal();
  },
  expect: { verdict: 'not verified', code: 'KOPIA_CONTENT_LOST', level: 'L1' },
});

export const packsExchanged = exchanged('p', 'packs');
export const indexesExchanged = exchanged('x', 'indexes');
