import { stringify } from 'yaml';
import { corednsObjects } from '../../../../../lib/addon/coredns/manifests/coredns.ts';
import { localPathObjects } from '../../../../../lib/addon/local-path/manifests/local-path.ts';
import type { KubeObject } from '../../../../../lib/engine/index.ts';

/**
 * What stands for an add-on's pods. undefined: the lab binary has it already (vpc-cni, kube-proxy), or nothing of the
 * tests needs it.
 */
export function addonManifest(
  addon: string,
  refs: Readonly<Record<string, string>>,
  values: { corefile?: string } = {},
): string | undefined {
  const image = (name: string) => refs[name] ?? '';
  if (addon === 'coredns') {
    const objects = corednsObjects({ image: image('coredns'), upstream: [] });
    return text(values.corefile === undefined ? objects : objects.map(object => withCorefile(object, values.corefile)));
  }
  if (addon === 'aws-ebs-csi-driver')
    return text(volumes(localPathObjects({ image: image('local-path-provisioner'), helperImage: image('busybox') })));
  return undefined;
}

/** Folders of the node for volumes of EBS, under the name by which a class asks for those. */
const volumes = (objects: readonly KubeObject[]): KubeObject[] =>
  objects.flatMap(object => {
    if (object.kind === 'StorageClass') return [];
    if (object.kind !== 'Deployment') return [object];
    const copy = structuredClone(object) as KubeObject & {
      spec: { template: { spec: { containers: { args: string[] }[] } } };
    };
    copy.spec.template.spec.containers[0]?.args.push('--provisioner-name', 'ebs.csi.aws.com');
    return [copy];
  });

const withCorefile = (object: KubeObject, Corefile: string | undefined): KubeObject =>
  object.kind === 'ConfigMap' ? { ...object, data: { Corefile } } : object;

const text = (objects: readonly KubeObject[]) => objects.map(object => stringify(object)).join('---\n');
