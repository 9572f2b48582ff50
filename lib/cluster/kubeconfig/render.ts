import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import { OpsError } from '../../errors/index.ts';
import { toYaml } from '../../shell/index.ts';

const MARK = '# Written by muster';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What the first lines of a kubeconfig of ours say, so that it is compared without its key being looked at. */
export interface Header {
  /** sha256 of what it was made from: k3s.yaml. */
  source: string;
  server: string;
  /** false: its text was changed since. */
  intact: boolean;
}

/** The way into a cluster: where its API answers, whom to trust, and how to be let in. */
export interface Way {
  server: string;
  /** PEM, base64. */
  ca: string;
  /** As a kubeconfig has it. */
  user: object;
}

/** Out of k3s.yaml, with the server where the provider makes the API answer. Errors: KUBECONFIG_REFUSED. */
export function wayOf(k3sYaml: string, server: string): Way {
  const config = parse(k3sYaml);
  const ca = config?.clusters?.[0]?.cluster?.['certificate-authority-data'];
  const user = config?.users?.[0]?.user;
  if (typeof ca !== 'string' || typeof user !== 'object' || user === null)
    throw new OpsError('KUBECONFIG_REFUSED', 'cannot make a kubeconfig: k3s.yaml has no cluster and user');
  return { server, ca, user };
}

/** A kubeconfig for this computer: cluster, user and context are named by the site. `source`: sha256 of what it comes from. */
export function renderKubeconfig({ server, ca, user }: Way, site: string, source: string): string {
  const body = toYaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: site, cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name: site, user }],
    contexts: [{ name: site, context: { cluster: site, user: site } }],
    'current-context': site,
  });
  return [
    `${MARK} for the site ${site}, which replaces it when the cluster's keys or address change.`,
    `# source: ${source}`,
    `# server: ${server}`,
    `# body: ${sha256(body)}`,
    body,
  ].join('\n');
}

/** undefined: another hand wrote it. */
export function readHeader(text: string): Header | undefined {
  if (!text.startsWith(MARK)) return undefined;
  const field = (name: string) => new RegExp(`^# ${name}: (.*)$`, 'm').exec(text)?.[1] ?? '';
  const body = text.split('\n').slice(4).join('\n');
  return { source: field('source'), server: field('server'), intact: field('body') === sha256(body) };
}
