import { suite } from 'uvu';
import { equal, is, match, ok } from 'uvu/assert';
import { fenceFlaws } from '../../lib/drill/checks/fence.ts';
import { plantedByFence } from '../../lib/host/fence.ts';
import { tried } from './fence-world.ts';

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

test.run();
