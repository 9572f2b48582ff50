import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isOpsError } from '../../../lib/errors/index.ts';
import type { Site } from '../../../lib/inventory/index.ts';
import { runVerb } from '../../../lib/site/run-verb.ts';
import { type StoreWorld, s3Place, storeWorld } from '../../backup/store-world.ts';
import { apply, destroy, endWorld, list, newWorld, notSsh, siteOf, stateDir, using, type World } from './world.ts';

interface Context extends World {
  s3: StoreWorld;
  site: Site;
  /** A checkout of somebody else: the same account and store, and no state of the first one. */
  elsewhere: World;
}

const test = suite<Context>('two runs at once on one site of AWS');
test.before(async context => {
  context.s3 = await storeWorld('ec2-lease');
  await context.s3.run();
});
test.before.each(async context => {
  Object.assign(context, await newWorld({ pageSize: 1000 }));
  const store = await s3Place(context.s3, 'admin', 'ec2-lease-site');
  context.site = { ...siteOf(), backup: { store, sources: [] } } as unknown as Site;
  context.elsewhere = { aws: context.aws, project: await mkdtemp(join(tmpdir(), 'muster-ec2-')), events: [] };
});
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await rm(context.elsewhere.project, { recursive: true, force: true });
  await endWorld(context);
});
test.after(({ s3 }) => s3.close());

/** A bootstrap that stands still at its first change, holding what a run holds, until it may go on. */
function standing(world: World, site: Site) {
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const ended = using(world, site, opened => {
    const { aws } = opened;
    if (!aws) throw new Error('no account');
    const call = aws.call.bind(aws);
    Object.assign(aws, {
      call: async (...args: Parameters<typeof call>) => {
        if (/^make/.test(args[1])) {
          reached.resolve();
          await goOn.promise;
        }
        return call(...args);
      },
    });
    const steps = opened.provider.steps(site, site.hosts);
    return runVerb(opened, 'bootstrap', steps, { select: notSsh, retain: true, confirmed: true });
  });
  return { ended, reached: Promise.race([reached.promise, ended]), goOn: goOn.resolve };
}

/** The keys of its machines go to whoever goes on elsewhere: as its escrow brings them. */
const handOver = (context: Context, { site, elsewhere }: Pick<Context, 'site' | 'elsewhere'> = context) =>
  cp(join(stateDir(context, site), 'secrets'), join(stateDir(elsewhere, site), 'secrets'), { recursive: true });

for (const where of ['the store of its backups', 'shared state alone'] as const)
  test(`from another checkout it is refused by ${where}, and told who runs; when that has ended it runs`, async context => {
    const { elsewhere, aws } = context;
    const { backup, ...bare } = context.site;
    const site = where === 'shared state alone' ? ({ ...bare, state: { store: backup?.store } } as Site) : context.site;
    const first = standing(context, site);
    await first.reached;
    const colleague = aws.world.user('colleague');
    Object.assign(process.env, aws.env(colleague));
    for (const verb of [apply, destroy]) {
      const error = await verb(elsewhere, site).catch(thrown => thrown);
      assert.ok(isOpsError(error, 'LOCK_HELD'), String(error));
      assert.match(error.message, new RegExp(`'bootstrap' runs since .* as pid ${process.pid} `));
    }
    // Not even who they are.
    assert.not.ok(aws.calls.some(({ caller }) => caller === colleague.caller.arn));
    first.goOn();
    assert.ok((await first.ended).changed.length > 0);
    await handOver(context, { site, elsewhere });
    assert.equal((await apply(elsewhere, site)).changed, []);
    const made = aws.calls.filter(({ operation }) => /^(CreateVpc|RunInstances)$/.test(operation));
    assert.is(made.length, 2);
    await destroy(elsewhere, site);
    assert.equal(await list(context, site), []);
  });

test('a run that failed gives the lease back', async context => {
  const { site, elsewhere } = context;
  context.aws.world.faults.refuse('CreateVpc', { code: 'VpcLimitExceeded' });
  const error = await apply(context, site).catch(thrown => thrown);
  assert.ok(isOpsError(error, 'AWS_QUOTA'), String(error));
  await handOver(context);
  assert.ok((await apply(elsewhere, site)).changed.length > 0);
});

test.run();
