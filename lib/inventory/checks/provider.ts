import type { Problem } from '../problem.ts';
import type { Inventory } from '../schema.ts';

export const checkProvider = (inventory: Inventory): Problem[] => [
  ...checkContainer(inventory),
  ...checkEc2(inventory),
];

function checkEc2({ provider }: Inventory): Problem[] {
  if (provider.kind !== 'ec2') return [];
  const { cidr, vpc, subnets, nat, zones = [] } = provider.network;
  const at = (...keys: string[]): (string | number)[] => ['provider', 'network', ...keys];
  const length = Number(cidr.split('/')[1]);
  const problems: Problem[] = [];
  if (length < 16 || length > 24)
    problems.push({ path: at('cidr'), got: cidr, expected: 'a /16 to a /24: it is cut in four subnets' });
  if (vpc !== undefined && subnets === undefined)
    problems.push({ path: at('subnets'), got: 'nothing', expected: `those of ${vpc} to use: muster makes none there` });
  if (vpc === undefined && subnets !== undefined)
    problems.push({ path: at('vpc'), got: 'nothing', expected: 'the VPC of these subnets' });
  if (vpc !== undefined && nat)
    problems.push({ path: at('nat'), got: 'true', expected: `false: the network of ${vpc} is yours` });
  if (vpc !== undefined && zones.length > 0)
    problems.push({
      path: at('zones'),
      got: zones.join(', '),
      expected: `none: the subnets of ${vpc} are where they are`,
    });
  zones.forEach((zone, index) => {
    if (zones.indexOf(zone) < index)
      problems.push({ path: [...at('zones'), index], got: `${zone} again`, expected: 'another zone than the first' });
    else if (zone.slice(0, -1) !== provider.region)
      problems.push({
        path: [...at('zones'), index],
        got: zone,
        expected: `a zone of ${provider.region}, as ${provider.region}${zone.slice(-1)}`,
      });
  });
  const open = provider.access.indexOf('0.0.0.0/0');
  if (open >= 0)
    problems.push({
      path: ['provider', 'access', open],
      got: '0.0.0.0/0',
      expected: 'your address: SSH and the Kubernetes API are not for the world',
    });
  return problems;
}

/** A container shares this computer's kernel and may do what root may: nothing that anybody depends on runs so. */
function checkContainer({ environment, provider }: Inventory): Problem[] {
  if (provider.kind !== 'container' || environment === 'lab') return [];
  const expected = 'qemu or existing: machines as containers are for labs';
  return [{ path: ['provider', 'kind'], got: `container in ${environment}`, expected }];
}
