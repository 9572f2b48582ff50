import { access } from 'node:fs/promises';
import { OpsError } from '../../errors/index.ts';
import type { Masker, SecretStore } from '../../secret/index.ts';
import type { Secrets } from './document.ts';
import { fileOf, generations } from './generations.ts';
import type { EscrowAt } from './place.ts';

/** What a site has of its own, and beside it what its escrow lends: read while nothing may be written yet. */
export function lentSecrets(own: SecretStore, lent: Secrets, masker: Pick<Masker, 'add'>): SecretStore {
  const refuse = (name: string) => {
    throw new OpsError('INTERNAL', `cannot keep the secret ${name}: this view of the secrets only reads`);
  };
  const get = async (name: string) => {
    const kept = await own.get(name);
    if (kept) return kept;
    const secret = lent.get(name);
    if (secret) masker.add(secret);
    return secret;
  };
  return {
    get,
    put: async name => refuse(name),
    generate: async name => (await get(name)) ?? refuse(name),
    remove: async name => refuse(name),
    list: async () => [...new Set([...(await own.list()), ...lent.keys()])].sort(),
  };
}

/** The same escrow, in those of its places that are at hand: when a site is lost one of them may be lost too. */
export async function escrowAtHand(at: EscrowAt): Promise<EscrowAt> {
  const there = await Promise.all(at.places.map(place => hasAny({ ...at, places: [place] })));
  const places = at.places.filter((_, n) => there[n]);
  return places.length > 0 ? { ...at, places } : at;
}

const hasAny = (at: EscrowAt): Promise<boolean> =>
  generations(at).then(
    async numbers => {
      const [place = ''] = at.places;
      const whole = numbers.map(number =>
        access(fileOf(place, number, 'age')).then(
          () => true,
          () => false,
        ),
      );
      return (await Promise.all(whole)).includes(true);
    },
    () => false,
  );
