import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyStep } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import type { Place, Script } from './place.ts';

export interface NamedScript extends Script {
  /** '30-build-cluster' */
  name: string;
}

const NAME = /^(\d\d-[a-z0-9-]+)\.ts$/;

/** The scripts in their order: the folder is the plan. */
export async function loadScripts(project: string): Promise<NamedScript[]> {
  const dir = join(project, 'scripts');
  const names = (await readdir(dir)).flatMap(file => NAME.exec(file)?.[1] ?? []).sort();
  return Promise.all(
    names.map(async name => {
      const { title, steps } = (await import(pathToFileURL(join(dir, `${name}.ts`)).href)) as Script;
      return { name, title, steps };
    }),
  );
}

/** Every script's steps, in order. */
export async function bootstrapSteps(site: Site, place: Place): Promise<AnyStep[]> {
  return (await loadScripts(place.dirs.project)).flatMap(script => script.steps(site, place));
}

export interface Selection {
  /** Step ids or scripts: 'k3s.config', 'k3s', '30-build-cluster'. */
  only?: string;
  /** The first step to run; what is before it in the plan is taken as it is. */
  from?: string;
}

/** Errors: USAGE when a name fits no step, with those that there are. */
export async function selectSteps(
  site: Site,
  place: Place,
  { only, from }: Selection,
): Promise<(step: AnyStep) => boolean> {
  const scripts = await loadScripts(place.dirs.project);
  const listed = scripts.flatMap(script =>
    script.steps(site, place).map(step => ({ script: script.name, id: step.id })),
  );
  const fits = (name: string) => (entry: { script: string; id: string }) =>
    entry.id === name || entry.script === name || entry.id.startsWith(`${name}.`);
  const check = (flag: string, name: string) => {
    if (listed.some(fits(name))) return;
    const known = [...new Set(listed.map(entry => entry.id))].join(', ');
    throw new OpsError('USAGE', `cannot select --${flag} '${name}': no step or script has this name`, {
      hint: `one of: ${known}`,
    });
  };
  if (only !== undefined) check('only', only);
  if (from !== undefined) check('from', from);
  const start = from === undefined ? 0 : listed.findIndex(fits(from));
  const chosen = new Set(
    listed.filter((entry, at) => at >= start && (only === undefined || fits(only)(entry))).map(entry => entry.id),
  );
  return step => chosen.has(step.id);
}
