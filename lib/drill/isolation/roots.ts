import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { escrowOf, publicKeyPath } from '../../backup/index.ts';
import { exists } from '../../host/exists.ts';
import type { Site } from '../../inventory/index.ts';
import { filePlace } from '../../secret/index.ts';
import type { OpenSite } from '../../site/index.ts';

/** A place of this computer that a rehearsal sees, at its own path. */
export interface Root {
  what: string;
  path: string;
  access: 'read' | 'write';
}

/** Programs, devices and processes of this computer: where muster runs, not what it keeps. */
export const SYSTEM = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/etc',
  '/dev',
  '/proc',
  '/sys',
  '/run',
];

/** Places that are there and hold nothing but what is listed: HOME, the checkout's own, and those for temporary files. */
export const emptied = (project: string): string[] => [homedir(), project, '/tmp', '/var/tmp'];

/** All that a rebuilt site may lean on beside its commit. What is not there is not listed. */
export async function rootsOf({ site, dirs }: Pick<OpenSite, 'site' | 'dirs'>, state: string): Promise<Root[]> {
  const { places, identityFile } = escrowOf(site);
  const read = (what: string, ...paths: string[]) => paths.map((path): Root => ({ what, path, access: 'read' }));
  const key = publicKeyPath(site, dirs.project);
  const all = [
    ...read('escrow', ...places),
    ...read('age identity', ...(identityFile === undefined ? [] : [identityFile])),
    // Elsewhere than in a lab it is in git.
    ...read('public key of the sets', ...(key.startsWith(`${dirs.project}/`) ? [] : [key])),
    ...read('credentials that the inventory names', ...credentials(site)),
    ...read('bundle of artifacts', ...(site.artifacts.bundle === undefined ? [] : [site.artifacts.bundle])),
    ...read('npm packages, as the commit pins them', join(dirs.project, 'node_modules')),
    { what: 'cache of artifacts', path: dirs.cache, access: 'write' } as const,
    { what: 'state of the new site, empty at t0', path: state, access: 'write' } as const,
  ];
  const there = await Promise.all(all.map(({ path }) => exists(path)));
  return all.filter((_, at) => there[at]);
}

/** Files that references point at, and those in which a provider's own tools keep credentials. */
function credentials(site: Site): string[] {
  const files = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
    else if (typeof value === 'string' && value.startsWith('file:'))
      files.add(filePlace(value.slice('file:'.length), { directory: dirname(site.path), env: process.env }));
  };
  visit(site);
  const store = site.backup?.store;
  if (store?.kind === 's3' && store.ca !== undefined) files.add(resolve(store.ca));
  // Not a kind that every version of the inventory knows.
  if ((site.provider.kind as string) === 'ec2') files.add(join(homedir(), '.aws'));
  return [...files];
}
