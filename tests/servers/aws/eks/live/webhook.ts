import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { World } from '../../world.ts';
import type { ClusterRecord } from '../state.ts';
import { entryOf, rightsOf, verifyToken } from '../token.ts';

/** Who an API server asks about a token: the authenticator of EKS, and the access entries behind it. */
export interface Webhook {
  /** For the API server of this cluster; 10.0.2.2 is this computer, seen from a VPC. */
  urlFor(id: string, cluster: Asked): string;
  /** Why tokens were refused, in their order. */
  refused: string[];
  close(): Promise<void>;
}

interface Asked {
  record: ClusterRecord;
  region: string;
  world: World;
}

export async function startWebhook(): Promise<Webhook> {
  const asked = new Map<string, Asked>();
  const refused: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const cluster = asked.get((request.url ?? '').replace(/\?.*/, ''));
    const review = JSON.parse(body) as { apiVersion: string; spec: { token: string } };
    const status: { error: string } | { user: object } = cluster
      ? statusOf(review.spec.token, cluster)
      : { error: `no cluster at ${request.url}` };
    if ('error' in status) refused.push(status.error);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        ...{ apiVersion: review.apiVersion, kind: 'TokenReview' },
        status: { authenticated: !('error' in status), ...status },
      }),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    refused,
    urlFor(id, cluster) {
      asked.set(`/${id}`, cluster);
      return `http://10.0.2.2:${port}/${id}`;
    },
    async close() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** The policy is an authorizer of its own there; here it is the group that may do everything. */
function statusOf(token: string, { record, region, world }: Asked): { error: string } | { user: object } {
  const verdict = verifyToken(token, record.cluster.name ?? '', region, world);
  if ('refused' in verdict) return { error: verdict.refused };
  const found = entryOf(record, verdict.arn);
  if (!found) return { error: `no access entry for ${verdict.arn}` };
  const groups = [...(found.entry.kubernetesGroups ?? [])];
  if (rightsOf(record, verdict.arn) === 'admin') groups.push('system:masters');
  return { user: { username: verdict.arn, uid: `aws-iam-authenticator:${verdict.arn}`, groups } };
}
