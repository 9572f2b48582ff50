import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OpsError } from '../../errors/index.ts';
import { type Header, readHeader } from './render.ts';

/** kubeconfigs/<site>.yaml in the checkout. ~/.kube/config is never touched. */
export const kubeconfigPath = (project: string, site: string): string => join(project, 'kubeconfigs', `${site}.yaml`);

/** What lies at the path. */
export type LocalFile = { is: 'absent' } | { is: 'foreign' } | ({ is: 'ours'; mode: number } & Header);

export async function lookAt(path: string): Promise<LocalFile> {
  const text = await readFile(path, 'utf8').catch(error => {
    if (error.code === 'ENOENT') return undefined;
    throw new OpsError('KUBECONFIG_REFUSED', `cannot read ${path}: ${error.message}`, { cause: error });
  });
  if (text === undefined) return { is: 'absent' };
  const header = readHeader(text);
  return header ? { is: 'ours', mode: (await stat(path)).mode & 0o777, ...header } : { is: 'foreign' };
}

/** Where the cluster of a site answers: 'https://ABC.eu-central-1.eks.amazonaws.com'. undefined: no file of ours says. */
export async function kubeconfigServer(project: string, site: string): Promise<string | undefined> {
  const file = await lookAt(kubeconfigPath(project, site));
  return file.is === 'ours' ? file.server : undefined;
}

/** 0600 whatever the umask, whole or not at all. Errors: KUBECONFIG_REFUSED when another hand's file is there. */
export async function writeKubeconfig(path: string, text: string): Promise<void> {
  if ((await lookAt(path)).is === 'foreign')
    throw new OpsError('KUBECONFIG_REFUSED', `cannot replace ${path}: muster did not write it`);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.draft`;
  await rm(draft, { force: true });
  // wx: a link planted under the draft's name is refused, not followed.
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
}
