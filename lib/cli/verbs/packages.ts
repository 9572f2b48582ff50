import { type HostPackage, packagesFor, type Reason, reasonsOf } from '../doctor/packages.ts';
import { ensurePackages } from '../install-packages.ts';
import { json } from '../output.ts';
import { readSite } from '../read-site.ts';
import type { Act, Call } from '../verb.ts';

/** Installs what is missing; silent when nothing is. */
export const packages: Act = async call => {
  const installed = await ensurePackages(packagesFor(await reasonsFor(call)), call);
  if (call.flags.json) call.out.data(json(installed.map(({ package: name, why }: HostPackage) => ({ name, why }))));
  return undefined;
};

/** The tests build sites of every kind; otherwise the site says what it needs. */
async function reasonsFor({ flags, project, site }: Call): Promise<Reason[]> {
  if (flags.tests) return ['qemu', 'container', 'module', 'tests'];
  return reasonsOf(await readSite(project, site));
}
