import { escrowSealStep } from '../lib/backup/escrow/seal.ts';
import { escrowOf, publicKeyPath, publicKeyStep } from '../lib/backup/index.ts';
import { stanzaStep } from '../lib/backup/postgres/stanza.ts';
import type { Need } from '../lib/engine/index.ts';
import type { Site } from '../lib/inventory/index.ts';
import type { Place } from '../lib/site/place.ts';

export const title = 'Protect the data: an archive that takes WAL, and an escrow of the keys to it';

export const steps = (site: Site, { dirs, rehearsal }: Place) => {
  // A rehearsal archives nothing, and seals nothing.
  if (!site.backup || rehearsal) return [];
  const archives = site.backup.sources.includes('postgres');
  // Last of all: by then every secret of the site is made.
  const made = [
    'set.signer',
    'cluster.ready',
    ...(site.app ? ['app.answers'] : []),
    ...(archives ? ['postgres.stanza'] : []),
    ...(site.backup.sources.includes('velero') ? ['addon.velero-key'] : []),
  ];
  return [
    ...(archives ? [stanzaStep(site, [{ step: 'app.database', scope: 'same' }])] : []),
    escrowSealStep(
      escrowOf(site),
      made.map((step): Need => ({ step, scope: 'all' })),
    ),
    publicKeyStep(site, publicKeyPath(site, dirs.project), [{ step: 'escrow.seal', scope: 'all' }]),
  ];
};

if (import.meta.main) await (await import('../lib/cli/script.ts')).runScript(import.meta.filename);
