import { suite } from 'uvu';
import { equal, ok } from 'uvu/assert';
import { waysBack } from '../../lib/cli/verbs/destroy.ts';
import { healthWith, nextOf } from '../../lib/cli/verbs/status.ts';
import { type Proof, siteProofs } from '../../lib/drill/proofs.ts';
import { subjectsOf } from '../../lib/drill/scenarios/index.ts';
import type { Site } from '../../lib/inventory/index.ts';

const proof = (is: Proof['is']): Proof => ({ scenario: 'site-rebuild', is, says: is });

const status = suite('status');

status('an expired or failed proof makes a good site drift; one that never was is only said', () => {
  const healths = (['proven', 'never', 'expired', 'failed'] as const).map(is =>
    healthWith([proof('proven'), proof(is)], 'ok'),
  );
  equal(healths, ['ok', 'ok', 'drift', 'drift']);
});

status('what is worse than drift, or not known, stays what it is', () => {
  for (const health of ['unknown', 'absent', 'stopped', 'drift'] as const)
    equal(healthWith([proof('expired')], health), health);
});

status('an inventory that says nothing of drills is asked for no proof', async () => {
  equal(await siteProofs({}, '/nowhere', [{ scenario: 'site-rebuild' }], 0), []);
  const drills = { heartbeat: 10_000, proof: 1 };
  equal(await siteProofs({ drills }, '/nowhere', [{ scenario: 'site-rebuild' }], 0), [
    { ...proof('never'), says: 'never drilled' },
  ]);
});

status('what a site has no backup of is not asked for, and a namespace each is', async () => {
  const drills = { heartbeat: 10_000, proof: 1 };
  const store = { kind: 's3' } as const;
  const namesOf = async (backup: object, environment = 'lab') => {
    const site = { drills, environment, backup: { store, ...backup } } as unknown as Site;
    return (await subjectsOf(site)).map(({ scenario, namespace }) => [scenario, namespace].filter(Boolean).join(' '));
  };
  const velero = { sources: ['velero'], namespaces: ['team', 'wiki'] };
  equal(await namesOf(velero), ['namespace-loss team', 'namespace-loss wiki', 'erase-attempt', 'site-rebuild']);
  const all = { sources: ['velero', 'postgres', 'control-plane'], namespaces: ['app'] };
  const names = [
    ...['namespace-loss app', 'database-loss', 'point-in-time', 'control-plane-loss'],
    ...['erase-attempt', 'credential-rotation', 'site-rebuild'],
  ];
  equal(await namesOf(all), names);
  equal(await namesOf({ ...all, store: { ...store, replica: {} } }), names.toSpliced(-1, 0, 'region-loss'));
  equal(await namesOf({ ...all, store: { ...store, replica: {} } }, 'production'), [
    'erase-attempt',
    'region-loss',
    'site-rebuild',
  ]);
  equal(await subjectsOf({ drills, environment: 'lab' }), []);
});

status('a site that is gone is told to come back where it has sets, and to look first where nobody knows', () => {
  const next = (sets?: boolean) => nextOf({ site: 'lab', health: 'absent', ...(sets !== undefined && { sets }) });
  equal([next(true), next(false), next()], ['rebuild --confirm=lab', 'bootstrap', 'rebuild --dry-run']);
});

status('a site that was destroyed is told the same, and what makes an empty one', () => {
  const [rebuild = '', empty = ''] = waysBack('lab', true);
  equal(rebuild, './muster rebuild --confirm=lab --site lab');
  ok(empty.startsWith('./muster bootstrap --site lab: '));
  equal(waysBack('lab', false), ['./muster bootstrap --site lab']);
  equal(waysBack('lab', undefined)[0], './muster rebuild --dry-run --site lab');
});

status.run();
