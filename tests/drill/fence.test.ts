import { suite } from 'uvu';
import { equal, match } from 'uvu/assert';
import { sameSite } from '../../lib/drill/checks/apart.ts';
import { fenceFlaws, type Probed, parseProbed } from '../../lib/drill/checks/fence-probe.ts';
import { waysFrom } from '../../lib/drill/neighbour.ts';

const fence = suite('what proves a fence');
const STORE = '10.0.2.2:7443';
const DOOR = '10.0.2.2:40000';
const tries = { store: STORE, closed: [DOOR] };
const TABLE = 'type filter hook output priority 10\ntype filter hook forward priority 10';

const probed = (more: Partial<Probed> = {}): Probed => ({
  tried: ['machine', 'pod'].flatMap(from => [
    { from, to: STORE, open: true },
    { from, to: DOOR, open: false },
  ]),
  table: TABLE,
  refused: [3, 5],
  ...more,
});
const without = (from: string) => probed({ tried: probed().tried.filter(one => one.from !== from) });
const flipped = (to: string) =>
  probed({ tried: probed().tried.map(one => (one.to === to ? { ...one, open: !one.open } : one)) });

fence('store answers, door does not, from machine and pod, and the fence counted it: nothing is wrong', () =>
  equal(fenceFlaws(probed(), tries), []),
);

for (const [what, seen, says] of [
  ['a door that answers', flipped(DOOR), `${DOOR} answers a machine; ${DOOR} answers a pod`],
  ['a store that does not', flipped(STORE), 'the store, gives a machine no answer'],
  ['a machine without pods', without('pod'), 'nothing was tried from a pod'],
  ['a probe that said nothing', probed({ tried: [] }), 'nothing was tried from a machine'],
  ['a table that is not there', probed({ table: '' }), 'no hook output; the table muster-fence has no hook forward'],
  ['ports that were closed by somebody else', probed({ refused: [3, 3] }), 'the fence refused 0 of 2 tries'],
] as const)
  fence(`${what} leaves the fence unproven`, () => match(fenceFlaws(seen, tries).join('; '), says));

fence('a door that was not tried is not taken for closed', () =>
  match(fenceFlaws(probed(), { store: STORE, closed: [DOOR, '10.0.2.2:2222'] }).join('; '), '10.0.2.2:2222 answers'),
);

fence('what the probe prints is read as it was meant, and nothing of it is lost', () =>
  equal(parseProbed(`refused 3\ntried machine ${STORE} open\ntried pod ${DOOR} closed\nrefused 5\ntable\n${TABLE}\n`), {
    tried: [
      { from: 'machine', to: STORE, open: true },
      { from: 'pod', to: DOOR, open: false },
    ],
    table: TABLE,
    refused: [3, 5],
  }),
);

fence('a counter that is not there counts as nothing', () =>
  equal(parseProbed('refused \nrefused \ntable\n'), { tried: [], table: '', refused: [0, 0] }),
);

for (const [where, gateway, addresses, ways] of [
  ['through this computer', '10.0.2.2', ['127.0.0.1', '127.0.0.1'], ['10.0.2.2:22']],
  ['in a cloud', undefined, ['198.51.100.7', '198.51.100.8'], ['198.51.100.7:22', '198.51.100.8:22']],
  ['at an address that is the prober itself', undefined, ['127.64.1.1'], []],
] as const)
  fence(`what leads to machines ${where} is known as they are seen from beside`, () =>
    equal(
      waysFrom(
        gateway,
        addresses.map(address => ({ address, port: 22 })),
      ),
      ways,
    ),
  );

fence.run();

const apart = suite('a target that is the source');
const source = { ids: ['id-1'], hostKeys: ['ssh-ed25519 A'] };
const target = { ids: ['id-2'], hostKeys: ['ssh-ed25519 B'], stamps: ['lab-rehearsal'] };
const same = (more: Partial<Parameters<typeof sameSite>[1]>) =>
  sameSite(source, { ...target, ...more }, 'lab-rehearsal');

apart('another machine with another key and the stamp of a rehearsal is not it', () => equal(same({}), undefined));
apart('nor is any, where the source is gone', () =>
  equal(sameSite({ ids: [], hostKeys: [] }, target, 'lab-rehearsal'), undefined),
);

for (const [what, more, says] of [
  ["the provider's id", { ids: ['id-1'] }, 'id-1 is the source'],
  ['the host key', { hostKeys: ['ssh-ed25519 A'] }, 'host key'],
  ['a foreign stamp', { stamps: ['lab'] }, "'lab', and not 'lab-rehearsal'"],
  ['no stamp', { stamps: [] }, "'none'"],
  ['no id at all', { ids: [] }, 'no identity'],
  ['no host key', { hostKeys: [] }, 'no identity'],
] as const)
  apart(`is told by ${what}`, () => match(same(more) ?? '', says));

apart.run();
