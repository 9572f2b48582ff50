import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { escrowSealStep } from '../../../lib/backup/escrow/seal.ts';
import { backupKeySteps, escrowOf, publicKeyPath, publicKeyStep } from '../../../lib/backup/index.ts';
import type { Site } from '../../../lib/inventory/index.ts';
import { joinSite } from '../../../lib/site/index.ts';
import { alone } from '../../../lib/site/rotate.ts';
import { runVerb } from '../../../lib/site/run-verb.ts';
import { ROOT } from '../../architecture/tree.ts';
import { type StoreWorld, s3Place, storeWorld } from '../../backup/store-world.ts';
import { apply, endWorld, newWorld, refused, siteOf, using, type World } from './world.ts';

interface Context extends World {
  s3: StoreWorld;
  site: Site;
  /** A fresh clone on another computer. */
  elsewhere: Pick<World, 'project' | 'events'>;
}

const test = suite<Context>('a second computer joins a site on EKS');
test.before(async context => {
  context.s3 = await storeWorld('eks-join');
  await context.s3.run();
  Object.assign(context, await newWorld());
  context.elsewhere = { project: await mkdtemp(join(tmpdir(), 'muster-eks-')), events: [] };
  const identity = await generateIdentity();
  const places = ['vault', 'usb'].map(name => join(context.project, name));
  for (const place of places) await mkdir(place);
  const file = join(context.elsewhere.project, 'stick.txt');
  await writeFile(file, identity, { mode: 0o600 });
  const escrow = { recipients: [await identityToRecipient(identity)], places };
  const store = await s3Place(context.s3, 'admin', 'eks-join-site');
  const backup = { store, escrow, sources: ['velero'], namespaces: ['team'], keep: 2 };
  context.site = { ...siteOf(), backup, identity: file } as unknown as Site;
  for (const { project } of [context, context.elsewhere])
    for (const folder of ['scripts', 'artifacts']) await symlink(join(ROOT, folder), join(project, folder));
  context.kubernetes.made.push({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } });
  await apply(context, context.site);
  await seal(context);
  await cp(join(context.project, 'keys'), join(context.elsewhere.project, 'keys'), { recursive: true });
});
test.after(async context => {
  await rm(context.elsewhere.project, { recursive: true, force: true });
  await endWorld(context);
  await context.s3.close();
});

/** What a backup does of it. */
const seal = (context: Context, { site } = context) =>
  using(context, site, open => {
    const after = (step: string) => [{ step, scope: 'all' as const }];
    const steps = [
      ...backupKeySteps(site, open.dirs),
      escrowSealStep(escrowOf(site), after('set.signer')),
      publicKeyStep(site, publicKeyPath(site, context.project), after('escrow.seal')),
    ];
    return runVerb(open, 'backup', alone(steps), { retain: true });
  });

const joinIt = ({ elsewhere, site }: Context) => using(elsewhere, site, open => joinSite(open, { replace: false }));

test('whom the cluster does not know is told so: keys alone let nobody in', async context => {
  const { aws } = context;
  Object.assign(process.env, aws.env(aws.world.user('colleague')));
  const { checks } = await joinIt(context);
  Object.assign(process.env, aws.env());
  const cluster = checks.find(({ id }) => id === 'join.cluster');
  assert.is(cluster?.state, 'failed', cluster?.got);
  assert.match(cluster?.got ?? '', 'no access entry for');
});

test('it gets a kubeconfig of its own, the cluster lets it in, and what stands there is left as it is', async context => {
  const { elsewhere, site } = context;
  const { checks } = await joinIt(context);
  assert.equal(
    checks.map(({ id, state }) => `${id} ${state}`),
    ['join.machines passed', 'join.cluster passed', 'join.store passed', 'join.sets unrun', 'join.escrow passed'],
  );
  const text = await readFile(join(elsewhere.project, 'kubeconfigs/cloudy.yaml'), 'utf8');
  assert.match(text, join(elsewhere.project, 'muster'));
  assert.equal((await apply(elsewhere, site)).changed, []);
  // The first one is not behind for it.
  assert.is(await refused(apply(context, site)), 'it was not');
});

test.run();
