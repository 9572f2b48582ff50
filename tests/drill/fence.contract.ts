import { suite } from 'uvu';
import { equal, is, match, ok } from 'uvu/assert';
import { CHAIN, RAISE_FENCE } from '../../lib/cluster/eks/fence-objects.ts';
import { fenceFlaws, NODE } from '../../lib/drill/checks/fence-probe.ts';
import { plantedByFence } from '../../lib/host/fence.ts';
import { tried, triedOnNode } from './fence-world.ts';

const test = suite('the fence of a rehearsal, in the kernel');
const store = { address: '10.0.2.2', port: 7443 };
const tries = { store: '10.0.2.2:7443', closed: ['10.0.2.2:2222', '10.0.2.2:6443'] };
const rulesOf = (more: object = {}) =>
  plantedByFence({ name: 'lab-rehearsal', store, ...more }).find(({ path }) => path.endsWith('.nft'))?.text ?? '';
const rules = rulesOf();

test('the fence is what stops it: without its table the same probe gets through, from the machine and from a pod', async () => {
  const { without, fenced } = await tried(rules, tries);
  is(without.tried.length, 6);
  ok(without.tried.every(({ open }) => open));
  equal(fenceFlaws(fenced, tries), []);
  equal(
    fenced.tried.filter(({ open }) => open).map(({ from, to }) => `${from} ${to}`),
    [`machine ${tries.store}`, `pod ${tries.store}`],
  );
});

test('a fence around the machine alone lets its pods out, and is not taken for one', async () => {
  const { fenced } = await tried(rules.replace(/chain forward \{[^}]*\}/, ''), tries);
  const flaws = fenceFlaws(fenced, tries).join('; ');
  match(flaws, '10.0.2.2:2222 answers a pod');
  match(flaws, 'has no hook forward');
});

test('a fence with a gap is not one', async () => {
  const { fenced } = await tried(rules.replace('oifname "lo" accept', 'tcp dport 2222 accept'), tries);
  match(fenceFlaws(fenced, tries).join('; '), '10.0.2.2:2222 answers a machine');
});

test('in the network that is its own a machine sees the others, and the rest stays closed', async () => {
  const { fenced } = await tried(rulesOf({ network: '10.0.2.2/32' }), tries);
  ok(fenced.tried.every(({ open }) => open));
  const { fenced: elsewhere } = await tried(rulesOf({ network: '10.0.3.0/24' }), tries);
  equal(fenceFlaws(elsewhere, tries), []);
});

test('a fence that lets nothing out is not one either: no data would come', async () => {
  const { fenced } = await tried(rules.replace('tcp dport 7443', 'tcp dport 7444'), tries);
  match(fenceFlaws(fenced, tries).join('; '), '10.0.2.2:7443, the store, gives a machine no answer');
});

const env = { ADDRESS: '10.0.2.2', PORT: '7443', INSIDE: '10.42.0.0/16' };

test('the fence of a node of EKS stops its pods, and not the node', async () => {
  const { without, fenced } = await triedOnNode(RAISE_FENCE, env, tries);
  ok(without.tried.every(({ open }) => open));
  equal(fenceFlaws(fenced, tries, NODE), []);
  equal(
    fenced.tried.filter(({ open }) => open).map(({ from, to }) => `${from} ${to}`),
    [`pod ${tries.store}`],
  );
});

test('it goes back to the first place, where it is proven', async () => {
  const taken = `${RAISE_FENCE.replace('sleep 5', 'iptables -I FORWARD -j ACCEPT; sleep 1')}`;
  const { fenced } = await triedOnNode(taken, env, tries);
  match(fenceFlaws(fenced, tries, NODE).join('; '), `${CHAIN} is not the first`);
  const back = RAISE_FENCE.replace(
    'touch',
    'iptables -I FORWARD -j ACCEPT; for tables in iptables; do first $tables || ahead $tables; done; touch',
  );
  const { fenced: again } = await triedOnNode(back, env, tries);
  equal(fenceFlaws(again, tries, NODE), []);
});

test.run();
