import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { apply, destroy, endWorld, list, newWorld, type World, writes } from './world.ts';

const test = suite<World>('a site on EC2');
test.before.each(async context => void Object.assign(context, await newWorld({ pageSize: 1000 })));
test.after.each(async context => {
  assert.equal(context.aws.unknown(), []);
  await endWorld(context);
});

test('it is made, a second run changes nothing with one question a kind, and destroy leaves nothing', async world => {
  await apply(world);
  const made = world.aws.calls.length;
  assert.ok(made <= 90, `${made} calls`);
  const again = await apply(world);
  assert.equal(again.changed, []);
  const asked = world.aws.calls.slice(made).map(({ operation }) => operation);
  assert.equal(asked.length, new Set(asked).size, asked.join(' '));
  assert.ok(asked.length <= 12, asked.join(' '));
  await destroy(world);
  assert.equal(await list(world), []);
  const twice = writes(world).filter(operation => operation === 'RunInstances' || operation === 'CreateVpc');
  assert.equal(twice.sort(), ['CreateVpc', 'RunInstances']);
});

test('its disk is encrypted, of the type that is paid for by its size alone, and goes with the machine', async world => {
  await apply(world);
  const asked = world.aws.calls.filter(({ operation }) => operation === 'RunInstances');
  const disks = asked.flatMap(({ parameters }) => parameters.BlockDeviceMappings as { Ebs: object }[]);
  assert.equal(
    disks.map(({ Ebs }) => Ebs),
    [{ VolumeType: 'gp3', VolumeSize: 20, Encrypted: true, DeleteOnTermination: true }],
  );
});

test.run();
