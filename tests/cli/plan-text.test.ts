import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { planText } from '../../lib/cli/plan-text.ts';
import { type AnyStep, type Decision, type Plan, saysAll } from '../../lib/engine/index.ts';
import { OpsError } from '../../lib/errors/index.ts';

const step = (title: string) => ({ title, target: { kind: 'site', name: 'x', site: 'x' } }) as AnyStep;
const plan = (...decisions: Decision[]): Plan => ({
  items: decisions.map((decision, n) => ({ step: step(`Step ${n}`), decision })),
  needs: new Map(),
  changes: 0,
  unknown: decisions.filter(({ is }) => is === 'unknown').length,
});

test('what nobody could be asked about is said as a new site would get it, with the reason once', () => {
  const reason = 'there are no credentials';
  const guess = (what: string): Decision => ({
    ...{ is: 'unknown', reason },
    likely: [{ action: 'create', what, grade: 'known' }],
  });
  const made = plan(guess('VPC'), guess('subnet'), { is: 'unknown', reason, likely: [] });
  const text = planText(made, false);
  assert.match(text, /^create {2}Step 0 {2}VPC {2}\(unknown\)\ncreate {2}Step 1 {2}subnet {2}\(unknown\)\n\n/);
  assert.is(text.split(reason).length, 2);
  assert.ok(saysAll(made));
});

test('a step of which nothing can be said stays unknown, and the plan does not say all', () => {
  const made = plan({ is: 'unknown', reason: 'two of them' });
  assert.match(planText(made, false), /^unknown {2}Step 0 {2}two of them/);
  assert.not(saysAll(made));
});

test('a step of which nothing can be said shows all that is known of why, and what to type once', () => {
  const error = new OpsError('ARTIFACT_NO_SOURCE', 'cannot have it', { hint: 'type this', details: ['one', 'two'] });
  const unknown = (): Decision => ({ is: 'unknown', reason: 'cannot have it' });
  const made = plan(unknown(), unknown());
  const text = planText({ ...made, items: made.items.map(item => ({ ...item, error })) }, false);
  assert.match(text, /^unknown {2}Step 0 {2}cannot have it\n {17}one\n {17}two\n/);
  assert.match(text, /\nnext {2}type this$/);
});

test.run();
