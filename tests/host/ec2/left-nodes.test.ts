import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decideLeftNodes } from '../../../lib/host/ec2/left-nodes.ts';

test('what node groups left is waited for, and removed, in a removal only', () => {
  assert.equal(decideLeftNodes({}, { templates: ['lt-1'] }), { is: 'done', reason: 'nothing of its own' });
  assert.is(decideLeftNodes(undefined, {}).is, 'done');
  const decision = decideLeftNodes(undefined, { machines: ['i-1', 'vol-1'], templates: ['lt-1'] });
  assert.equal(decision.is === 'changes' && decision.changes.map(({ action, what, from }) => [action, what, from]), [
    ['run', 'wait for the machines of node groups to be gone', 'i-1, vol-1'],
    ['delete', 'launch template lt-1', undefined],
  ]);
});

test.run();
