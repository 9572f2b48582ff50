import type { Site } from '../inventory/index.ts';
import type { Output } from './output.ts';

/** RFC 5737: for documentation. */
const NOBODYS = /^(192\.0\.2|198\.51\.100|203\.0\.113)\./;

/** Inventories come with an address that nobody has: what is open to it is open to nobody, and not to you either. */
export function tellNobodys(
  { name, provider }: Pick<Site, 'name' | 'provider'>,
  { status }: Pick<Output, 'status'>,
): void {
  const found = provider.kind === 'ec2' ? provider.access.filter(cidr => NOBODYS.test(cidr)) : [];
  if (found.length === 0) return;
  status(`provider.access: nobody has ${found.join(', ')}: put your own address into inventories/${name}.yaml`);
}
