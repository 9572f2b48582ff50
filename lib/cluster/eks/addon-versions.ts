import type { Ctx, Run } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Eks } from './site.ts';

/** Versions of each add-on that fit a Kubernetes version; `default` is what EKS would install. */
export type Fitting = ReadonlyMap<string, { default: string; all: readonly string[] }>;

/** Asked once a run for all add-ons; a new run asks again. */
export function addonVersions(eks: Eks): (ctx: Ctx) => Promise<Fitting> {
  const known = new WeakMap<Run, Promise<Fitting>>();
  return ({ run }) => {
    const answer = known.get(run) ?? ask(eks);
    known.set(run, answer);
    answer.catch(() => known.delete(run));
    return answer;
  };
}

async function ask({ aws, want: { version } }: Eks): Promise<Fitting> {
  const fitting = new Map<string, { default: string; all: string[] }>();
  let nextToken: string | undefined;
  do {
    // metrics-server is the community's.
    const make = { kubernetesVersion: version, owners: ['aws', 'community'], nextToken };
    const what = `ask which add-ons fit Kubernetes ${version}`;
    const page = await aws.call('eks', what, sdk => new sdk.DescribeAddonVersionsCommand(make));
    for (const { addonName = '', addonVersions = [] } of page.addons ?? []) {
      const entry = fitting.get(addonName) ?? { default: '', all: [] };
      fitting.set(addonName, entry);
      for (const { addonVersion, compatibilities = [] } of addonVersions) {
        const fits = compatibilities.find(({ clusterVersion }) => clusterVersion === version);
        if (!fits || addonVersion === undefined) continue;
        entry.all.push(addonVersion);
        if (fits.defaultVersion) entry.default = addonVersion;
      }
    }
    nextToken = page.nextToken;
  } while (nextToken);
  return fitting;
}

/** Errors: EKS_VERSION. */
export function versionOf(
  fitting: Fitting,
  name: string,
  kubernetes: string,
): { default: string; all: readonly string[] } {
  const found = fitting.get(name);
  const [newest] = found?.all ?? [];
  if (!found || newest === undefined)
    throw new OpsError('EKS_VERSION', `cannot install ${name}: EKS has no version of it for Kubernetes ${kubernetes}`, {
      hint: 'choose another cluster.version',
    });
  return found.default ? found : { ...found, default: newest };
}
