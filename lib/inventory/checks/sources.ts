import type { Problem } from '../problem.ts';
import type { Inventory } from '../schema.ts';

const LAB_VERSION = /\+k3s-lab$/;

export function checkSources({ environment, artifacts, cluster }: Inventory): Problem[] {
  const { sources, bundleDigest } = artifacts;
  const unused = bundleDigest !== undefined && !sources.includes('bundle');
  return [
    ...artifacts.sources.flatMap((source, index) => checkSource(source, index, { environment, artifacts })),
    ...(unused ? [{ path: ['artifacts', 'bundleDigest'], got: 'a digest', expected: 'bundle among the sources' }] : []),
    ...checkLabVersion(environment, cluster.version),
  ];
}

type Source = Inventory['artifacts']['sources'][number];

function checkSource(
  source: Source,
  index: number,
  { environment, artifacts }: Pick<Inventory, 'environment' | 'artifacts'>,
): Problem[] {
  const path = ['artifacts', 'sources', index];
  const { sources, mirror, bundle } = artifacts;
  const problems: Problem[] = [];
  if (sources.indexOf(source) < index) problems.push({ path, got: `${source} again`, expected: 'every source once' });
  if (source === 'module' && environment !== 'lab')
    problems.push({ path, got: `module in ${environment}`, expected: 'release, mirror or bundle: module is for labs' });
  if (source === 'mirror' && mirror === undefined)
    problems.push({ path: ['artifacts', 'mirror'], got: 'nothing', expected: 'a URL, because sources has mirror' });
  if (source === 'bundle' && bundle === undefined)
    problems.push({ path: ['artifacts', 'bundle'], got: 'nothing', expected: 'a path, because sources has bundle' });
  return problems;
}

/** Whatever it comes from, a mirror of ours included, the lab binary runs nothing that anybody depends on. */
function checkLabVersion(environment: string, version: string): Problem[] {
  if (environment === 'lab' || !LAB_VERSION.test(version)) return [];
  return [
    {
      path: ['cluster', 'version'],
      got: `${version} in ${environment}`,
      expected: 'a release of k3s: what ends in +k3s-lab is for labs',
    },
  ];
}
