import { cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { escrowSealStep } from '../../../lib/backup/escrow/seal.ts';
import { backupKeySteps, escrowOf, publicKeyPath, publicKeyStep } from '../../../lib/backup/index.ts';
import { isOpsError } from '../../../lib/errors/index.ts';
import { loginCredential } from '../../../lib/host/credential.ts';
import type { Site } from '../../../lib/inventory/index.ts';
import {
  beginRotation,
  createSshKeyPair,
  endRotation,
  FileSecretStore,
  Masker,
  promote,
  Secret,
} from '../../../lib/secret/index.ts';
import { joinSite, type OpenSite, siteStatus } from '../../../lib/site/index.ts';
import { alone } from '../../../lib/site/rotate.ts';
import { runVerb } from '../../../lib/site/run-verb.ts';
import { ROOT } from '../../architecture/tree.ts';
import { type StoreWorld, s3Place, storeWorld } from '../../backup/store-world.ts';
import { type Sshd, startSshd } from '../../servers/sshd.ts';
import {
  apply,
  destroy,
  endWorld,
  list,
  newWorld,
  quick,
  siteOf,
  stateDir,
  using,
  type World,
  writes,
} from './world.ts';

interface Context extends World {
  s3: StoreWorld;
  /** Buckets: each test has its own. */
  made: number;
  site: Site;
  /** A fresh clone on another computer: the same account, store and inventory, and an age identity. */
  elsewhere: World;
  sshd?: Sshd;
}

const test = suite<Context>('two people run one site of AWS, each from a computer of their own');
test.before(async context => {
  context.made = 0;
  context.s3 = await storeWorld('ec2-join');
  await context.s3.run();
});
test.before.each(async context => {
  Object.assign(context, await newWorld({ pageSize: 1000 }));
  const project = await mkdtemp(join(tmpdir(), 'muster-ec2-'));
  context.elsewhere = { aws: context.aws, project, events: [] };
  const identity = await generateIdentity();
  const escrow = {
    recipients: [await identityToRecipient(identity)],
    places: ['vault', 'usb'].map(name => join(context.project, name)),
  };
  for (const place of escrow.places) await mkdir(place);
  const file = join(project, 'stick.txt');
  await writeFile(file, identity, { mode: 0o600 });
  const store = await s3Place(context.s3, 'admin', `ec2-join-${++context.made}`);
  const backup = { store, escrow, sources: ['velero'], namespaces: ['team'], keep: 2 };
  context.site = { ...siteOf(), environment: 'staging', backup, identity: file } as unknown as Site;
  for (const checkout of [context.project, project])
    for (const folder of ['scripts', 'artifacts']) await symlink(join(ROOT, folder), join(checkout, folder));
  // The first computer makes the site, and its backup seals the escrow.
  await apply(context, context.site);
  await seal(context);
  await cp(join(context.project, 'keys'), join(project, 'keys'), { recursive: true });
});
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await context.sshd?.stop();
  delete context.sshd;
  await destroy(context.elsewhere, context.site);
  await rm(context.elsewhere.project, { recursive: true, force: true });
  await endWorld(context);
});
test.after(({ s3 }) => s3.close());

const secretsOf = (world: Pick<World, 'project'>, site: Site) =>
  new FileSecretStore(join(stateDir(world, site), 'secrets'), new Masker());

/** What a backup does of it. */
const seal = (context: Context, { site } = context) =>
  using(context, site, open => {
    const path = publicKeyPath(site, context.project);
    const after = (step: string) => [{ step, scope: 'all' as const }];
    const steps = [
      ...backupKeySteps(site, open.dirs),
      escrowSealStep(escrowOf(site), after('set.signer')),
      publicKeyStep(site, path, after('escrow.seal')),
    ];
    return runVerb(open, 'backup', alone(steps), { retain: true });
  });

/** The machine of the site, as AWS says where it is and who it is: a real sshd of this computer has its keys. */
async function machine(context: Context, { hostKey, lets }: { hostKey?: Secret; lets?: string } = {}): Promise<void> {
  const secrets = secretsOf(context, context.site);
  const [own, operator] = [await secrets.get('ssh/server-1-host-key'), await secrets.get('ssh/operator.pub')];
  context.sshd = await startSshd({ hostKey: hostKey ?? own ?? new Secret(''), lets: lets ?? operator?.reveal() ?? '' });
}

async function joinIt({ elsewhere, site, sshd }: Context, replace = false) {
  return using(elsewhere, site, async open => {
    const { provider } = open;
    const { endpoint } = provider;
    const here = sshd && { address: '127.0.0.1', port: sshd.port };
    Object.assign(provider, {
      endpoint: async (...asked: Parameters<typeof endpoint>) => ({ ...(await endpoint(...asked)), ...here }),
    } satisfies Partial<OpenSite['provider']>);
    return joinSite(open, { replace });
  });
}

const states = ({ checks }: Awaited<ReturnType<typeof joinIt>>) =>
  Object.fromEntries(checks.map(({ id, state }) => [id.replace('join.', ''), state]));

async function refused(act: Promise<unknown>, code: string): Promise<string> {
  const error = await act.catch(thrown => thrown);
  assert.ok(isOpsError(error) && error.code === code, String(error));
  return `${error.message}; ${error.hint}`;
}

test('without its secrets a second computer sees that it has none, and changes nothing', async context => {
  const { elsewhere, site } = context;
  const seen = await using(elsewhere, site, siteStatus);
  assert.is(seen.health, 'unknown');
  assert.equal([seen.stale?.generation, seen.stale?.here], [1, 0]);
  assert.equal(
    seen.machines.map(({ name, power }) => [name, power]),
    [['server-1', 'on']],
  );
  const before = writes(elsewhere).length;
  const said = await refused(apply(elsewhere, site), 'SECRETS_STALE');
  assert.match(
    said,
    /made generation 1 of its escrow at .*, and this computer has none; \.\/muster join --site cloudy/,
  );
  assert.is(writes(elsewhere).length, before);
  assert.equal(await secretsOf(elsewhere, site).list(), []);
  await using(elsewhere, site, async ({ provider }) => {
    const login = provider.login('server-1', secretsOf(elsewhere, site));
    assert.match(await refused(login, 'SSH_IDENTITY'), './muster join');
  });
});

test('it joins: the secrets are those of the site, the machine shows the key of its tag, and a bootstrap changes nothing', async context => {
  const { elsewhere, site } = context;
  await machine(context);
  const joined = await joinIt(context);
  // No k3s runs there, and no set was taken: unknown, and no word that all is well.
  const all = { machines: 'passed', cluster: 'unrun', store: 'passed', sets: 'unrun', escrow: 'passed' };
  assert.equal(states(joined), all);
  const [mine, theirs] = [secretsOf(context, site), secretsOf(elsewhere, site)];
  const handed = (await mine.list()).filter(name => !name.includes('host-key'));
  assert.equal(await theirs.list(), handed);
  for (const name of handed) assert.ok((await theirs.get(name))?.equals((await mine.get(name)) ?? ''), name);
  assert.equal((await apply(elsewhere, site)).changed, []);
  assert.equal((await joinIt(context)).changed, []);
  // One place is enough to join by, and not to take a backup.
  await rename(join(context.project, 'usb'), join(context.project, 'drawer'));
  assert.equal(states(await joinIt(context)), { ...all, escrow: 'unrun' });
  await rename(join(context.project, 'drawer'), join(context.project, 'usb'));
  assert.is((await using(elsewhere, site, siteStatus)).stale, undefined);
});

test('a machine that shows another host key than its tag, or refuses the key of the site, is no unknown', async context => {
  const other = await createSshKeyPair('other');
  for (const wrong of [{ hostKey: other.privateKey }, { lets: other.publicKey }]) {
    await machine(context, wrong);
    const { checks } = await joinIt(context);
    const [machines] = checks;
    assert.is(machines?.state, 'failed');
    assert.is(machines?.code, 'hostKey' in wrong ? 'HOST_KEY_CHANGED' : 'SSH_AUTH_REFUSED');
    await context.sshd?.stop();
  }
});

test('what the other one changed keeps this one from running until it joins again; its own name lets it write over', async context => {
  const { elsewhere, site } = context;
  await machine(context);
  await joinIt(context);
  await secretsOf(context, site).put('backup/kopia-password', new Secret('changed by the first'));
  await seal(context);
  assert.match(await refused(apply(elsewhere, site), 'SECRETS_STALE'), /generation 2 .* has generation 1;/);
  await secretsOf(elsewhere, site).put('backup/kopia-password', new Secret('of before'));
  assert.match(await refused(joinIt(context), 'CONFIRM_MISSING'), '1 secrets on this computer are other ones');
  await joinIt(context, true);
  const kept = await secretsOf(elsewhere, site).get('backup/kopia-password');
  assert.is(kept?.reveal(), 'changed by the first');
  assert.equal((await apply(elsewhere, site)).changed, []);
  // Neither is behind, so both may go on.
  assert.equal((await apply(context, site)).changed, []);
});

test('the key pair in AWS follows the key of the site when it is rotated, and no other', async context => {
  const { site } = context;
  const secrets = secretsOf(context, site);
  const credential = loginCredential(site, async () => true);
  await beginRotation(secrets, { id: 'r', credentials: ['ssh'] });
  await credential.make({ secrets, clock: quick });
  for (const name of credential.secrets) await promote(secrets, name);
  assert.equal(credential.follows, ['ec2.key']);
  assert.equal((await apply(context, site)).changed, ['ec2.key site/cloudy']);
  await endRotation(secrets, 'r');
  assert.equal((await apply(context, site)).changed, []);
});

test('a computer that is behind may still remove the site, and finds nothing left of it', async context => {
  const { elsewhere, site } = context;
  await destroy(elsewhere, site);
  assert.equal(await list(context, site), []);
  // Its own, whose generation is known, builds it anew.
  assert.ok((await apply(context, site)).changed.length > 0);
});

test.run();
