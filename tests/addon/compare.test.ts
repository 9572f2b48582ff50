import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { differences } from '../../lib/addon/compare.ts';

const same = (want: unknown, live: unknown) => assert.equal(differences(want, live), []);

test('what the API adds beside our fields is no difference', () => {
  same({ spec: { replicas: 1 } }, { spec: { replicas: 1, progressDeadlineSeconds: 600 }, status: {} });
  same({ a: {} }, { a: { defaulted: true } });
});

test('a field that was changed or removed is named by its path, without its value', () => {
  const want = { spec: { replicas: 1, template: { labels: { app: 'x' } } } };
  assert.equal(differences(want, { spec: { replicas: 2, template: { labels: {} } } }), [
    'spec.replicas',
    'spec.template.labels.app',
  ]);
});

test('lists with names are maps: others may add, order is free, ours must be there', () => {
  const want = [{ name: 'a', image: '1' }, { name: 'b' }];
  same(want, [{ name: 'sidecar' }, { name: 'b', x: 1 }, { name: 'a', image: '1' }]);
  assert.equal(differences(want, [{ name: 'a', image: '2' }], 'containers'), ['containers[a].image', 'containers[b]']);
});

test('two ports of one number differ by protocol', () => {
  const want = [
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
  ];
  same(want, [...want].reverse());
  assert.equal(differences(want, [want[0]], 'ports'), ['ports[53].protocol']);
});

test('lists without names are compared in order and in full', () => {
  same(['a', 'b'], ['a', 'b']);
  assert.equal(differences(['a'], ['a', 'b'], 'args'), ['args']);
  assert.equal(differences(['a', 'b'], ['b', 'a'], 'args'), ['args[0]', 'args[1]']);
});

test('what is empty is dropped by the API and equals what is absent', () => {
  same({ env: { value: '' }, list: [], map: {} }, { env: {} });
  assert.equal(differences({ map: { key: 1 } }, {}), ['map']);
});

test('a type that changed is a difference', () => {
  assert.equal(differences({ a: '1' }, { a: 1 }), ['a']);
  assert.equal(differences({ a: [1] }, { a: { 0: 1 } }), ['a']);
});

test.run();
