import { suite } from 'uvu';
import { equal, is } from 'uvu/assert';
import { pulledOf } from '../../lib/backup/velero/part.ts';
import { decideBrought } from '../../lib/drill/brought-images.ts';
import type { KubeObject } from '../../lib/engine/index.ts';

const test = suite('images of what others run');
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const pod = (status: object): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, status });
const ran = (image: string, imageID: string) => ({ name: 'main', image, imageID });

test('a set has those that came out of a registry, by the name of the node and the digest, each once', () => {
  const wiki = ran('registry.example/team/wiki:1', `registry.example/team/wiki@${digest('a')}`);
  const init = ran('registry.example/team/init:2', `registry.example/team/init@${digest('b')}`);
  const pods = [pod({ containerStatuses: [wiki], initContainerStatuses: [init] }), pod({ containerStatuses: [wiki] })];
  equal(pulledOf(pods), [
    { image: init.image, from: init.imageID },
    { image: wiki.image, from: wiki.imageID },
  ]);
});

test('what was imported, or has not run, is from no registry', () => {
  const imported = ran('muster.lab/busybox:1', digest('c'));
  equal(pulledOf([pod({ containerStatuses: [imported, ran('nobody/yet:1', '')] }), pod({})]), []);
});

test('what a host lacks is brought; what cannot be had is told, and is no change', () => {
  const lacking = [{ image: 'a:1', from: `a@${digest('a')}`, hosts: ['server-1'] }];
  const decided = decideBrought({}, { lacking, givenUp: ['b:1: denied'] });
  equal(decided.is === 'changes' && decided.changes.map(({ what }) => what), ['image a:1']);
  const done = decideBrought({}, { lacking: [], givenUp: ['b:1: denied'] });
  is(done.is === 'done' && done.reason, 'not to be had: b:1: denied');
});

test.run();
