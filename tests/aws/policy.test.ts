import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ACTIONS, policyFor } from '../../lib/aws/index.ts';
import { MAKES } from '../../lib/aws/policy.ts';

const policy = policyFor({ account: '123456789012', region: 'eu-central-1', site: 'prod' });
const granted = new Set(policy.Statement.flatMap(({ Action }) => Action));

test('the policy grants every action that the gate lets through, and no other', () => {
  assert.equal([...granted].sort(), ACTIONS.map(({ action }) => action).sort());
});

test('nothing is granted by a wildcard, and what changes something of EC2 is bound to the tag of the site or to an image', () => {
  assert.not.match([...granted].join(' '), /\*/);
  const writes = new Set(ACTIONS.flatMap(({ action, kind }) => (kind === 'write' ? action : [])));
  for (const { Sid, Action, Resource, Condition } of policy.Statement) {
    if (!Action.some(action => action.startsWith('ec2:') && writes.has(action))) continue;
    const tagged = JSON.stringify(Condition ?? {}).includes('Tag/muster:site":"prod"');
    assert.ok(tagged || String(Resource).endsWith('::image/*'), Sid);
  }
});

test('every action that makes something says what, so that its tags are asked for', () => {
  const makes = ACTIONS.filter(({ action }) => /^ec2:(Create(?!Route$|Tags$)|Run|Allocate|Import)/.test(action));
  assert.equal(makes.map(({ action }) => action).sort(), Object.keys(MAKES).sort());
});

test('no action is twice in the table, and each says why', () => {
  const names = ACTIONS.map(({ action }) => action);
  assert.is(new Set(names).size, names.length);
  assert.ok(ACTIONS.every(({ why }) => why.length > 8));
});

test.run();
