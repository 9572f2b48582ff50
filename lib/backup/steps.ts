import type { AnyStep, Need } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import { escrowOpenStep } from './escrow/open.ts';
import { escrowOf } from './escrow/place.ts';
import { escrowSealStep } from './escrow/seal.ts';
import { setExpireStep } from './expire.ts';
import { type SealOf, type SealWant, setSealStep } from './seal.ts';
import { publicKeyPath, publicKeyStep, signerStep } from './signer.ts';

export interface BackupPlace {
  /** The checkout. */
  project: string;
  /** Of the user; for tests. */
  home?: string;
}

export const sealOf = (site: Site, { project, home }: BackupPlace): SealOf => ({
  site,
  escrow: escrowOf(site, home === undefined ? {} : { home }),
  publicKey: publicKeyPath(site, project, home),
});

/**
 * Before anything generates a secret of the backups: a site that is built again, or cloned anew, goes on with the keys
 * that its store was written with. What generates one needs `escrow.open`. Ids: escrow.open, set.signer.
 */
export function backupKeySteps(site: Site, place: BackupPlace): AnyStep[] {
  const { escrow, publicKey } = sealOf(site, place);
  return [
    escrowOpenStep(site.name, escrow, { mode: 'adopt', only: ['backup/'] }),
    signerStep(site, publicKey, [{ step: 'escrow.open', scope: 'all' }]),
  ];
}

/** What a rehearsal needs of its source: data, and what the application is. Not who signs, logs in, or writes to the store. */
const REHEARSED = ['app/', 'pki/', 'backup/kopia-password', 'backup/pgbackrest-cipher', 'store/local', 'store/reader-'];

/** escrow.open of a rehearsal: out of its source's escrow, as a rebuild on another computer has it. */
export const rehearsalKeyStep = (site: Site, of: Site, generation: number): AnyStep =>
  escrowOpenStep(site.name, escrowOf(of), { mode: 'rebuild', generation, only: REHEARSED });

/** With the last steps of every source, `<source>.take`: keys, escrow, seal, retention. Adds ids escrow.seal, set.seal, set.expire. */
export function backupSealSteps(site: Site, place: BackupPlace, want: SealWant): AnyStep[] {
  const of = sealOf(site, place);
  const after = (step: string): Need => ({ step, scope: 'all' });
  const takes = (site.backup?.sources ?? []).map(source => after(`${source}.take`));
  return [
    ...backupKeySteps(site, place),
    escrowSealStep(of.escrow, [after('set.signer'), ...takes]),
    publicKeyStep(site, of.publicKey, [after('escrow.seal')]),
    setSealStep(of, want, [after('escrow.seal'), after('set.public-key')]),
    setExpireStep(of, [after('set.seal')]),
  ];
}
