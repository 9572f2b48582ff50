import { suite } from 'uvu';
import { equal, is } from 'uvu/assert';
import { type Edit, editYaml, isYours } from '../../lib/inventory/index.ts';

const test = suite('a value is put into an inventory');

const cases: readonly (readonly [
  what: string,
  text: string,
  edit: [path: string, value: unknown],
  expected: string,
])[] = [
  [
    'a value is replaced, and its comment stays where it was',
    'a:\n  b: one      # why\n  c: 2\n',
    ['a.b', 'two'],
    'a:\n  b: two      # why\n  c: 2\n',
  ],
  [
    'what was a placeholder is none any more',
    'account: "1"   # YOURS, in quotes: refused else\n',
    ['account', '123456789012'],
    'account: "123456789012"   # in quotes: refused else\n',
  ],
  [
    'a key comes behind the last one, past its comment and what is in it',
    'a:\n  kind: ec2\n  network:\n    cidr: 10.0.0.0/16\n    nat: false   # dear\n\n# next\nhosts: []\n',
    ['a.network.vpc', 'vpc-1'],
    'a:\n  kind: ec2\n  network:\n    cidr: 10.0.0.0/16\n    nat: false   # dear\n    vpc: vpc-1\n\n# next\nhosts: []\n',
  ],
  [
    'with the mapping around it, where that is not there',
    'a:\n  kind: ec2 # x\n  list:\n    - one\n    - two\nhosts: []\n',
    ['a.network.vpc', 'vpc-1'],
    'a:\n  kind: ec2 # x\n  list:\n    - one\n    - two\n  network:\n    vpc: vpc-1\nhosts: []\n',
  ],
  [
    'in a mapping on one line',
    'network: {vpc: vpc-1}\n',
    ['network.subnets', ['a', 'b']],
    'network: {vpc: vpc-1, subnets: [a, b]}\n',
  ],
  ['in one that is empty', 'network: {}\n', ['network.vpc', 'vpc-1'], 'network: { vpc: vpc-1 }\n'],
  ['for a key without a value', 'a:\n  vpc:\n  c: 1\n', ['a.vpc', 'vpc-1'], 'a:\n  vpc: vpc-1\n  c: 1\n'],
  [
    'for a list on lines of its own',
    'subnets:\n  - a # first\n  - b\nc: 1\n',
    ['subnets', ['x']],
    'subnets:\n  [x]\nc: 1\n',
  ],
  [
    'an empty list',
    'nodes: [] # none\nc: 1\n',
    ['nodes', [{ name: 'a', min: 1 }]],
    'nodes: [{name: a, min: 1}] # none\nc: 1\n',
  ],
  [
    'a list of mappings, each on its line',
    'a: 1\n',
    ['nodes', [{ n: 'a' }, { n: 'b' }]],
    'a: 1\nnodes:\n  - {n: a}\n  - {n: b}\n',
  ],
  ['what looks like a number stays text', 'a: 1\n', ['version', '1.34'], 'a: 1\nversion: "1.34"\n'],
  ['at the end of a file without a last newline', 'a:\n  b: 1', ['a.c', 'x'], 'a:\n  b: 1\n  c: x'],
];
for (const [what, text, [path, value], expected] of cases)
  test(what, () => {
    const edit: Edit = { path: path.split('.'), value };
    is(editYaml(text, [edit]), expected);
  });

test('a placeholder is known by its mark, behind the value', () => {
  const text = 'a: 1 # YOURS: put it\nb: [x]   # YOURS\nc: 1 # not YOURS?\nd: 2\ne: # YOURS\n  f: 1\n';
  equal(
    ['a', 'b', 'c', 'd', 'x'].map(key => isYours(text, [key])),
    [true, true, false, false, false],
  );
});

test.run();
