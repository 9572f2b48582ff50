import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pythonPackages } from '../moto/packages.ts';
import { modelFile } from './constraints.ts';
import { answerOf, type Reply } from './dispatch.ts';
import type { Keys } from './identity.ts';
import { services } from './services.ts';
import { World, type WorldOptions } from './world.ts';

/** One call that came, in their order. */
export interface CallRecord {
  service: string;
  operation: string;
  /** As IAM names what it wants: 'ec2:RunInstances'. */
  action: string;
  parameters: Record<string, unknown>;
  /** ARN; '' when nobody was recognised. */
  caller: string;
  region: string;
  /** 'ok', 'lost' (done, and the answer cut off), or the code of the refusal. */
  answer: string;
}

export interface AwsServer {
  /** 'http://127.0.0.1:<port>'. */
  url: string;
  world: World;
  calls: CallRecord[];
  /** Of the user `operator`, there from the beginning. */
  keys: Keys;
  /** What was asked for and is not known here. A test asserts that it is empty. */
  unknown(): string[];
  /** For a client, or a child process. */
  env(keys?: Keys, region?: string): Record<string, string>;
  close(): Promise<void>;
}

export interface AwsOptions extends WorldOptions {
  port?: number;
  /** Where botocore lies; absent: where moto's tests have it, and it is installed there first. */
  packages?: string;
}

/** AWS as muster uses it, on loopback: strict, and with faults on demand. README.md says how to use it. */
export async function startAws(options: AwsOptions = {}): Promise<AwsServer> {
  const packages = options.packages ?? (await pythonPackages());
  // Without the models it would check less than it says: it does not start.
  for (const { botocore, version } of services) modelFile(packages, `${botocore}/${version}`);
  const world = new World(packages, options);
  const calls: CallRecord[] = [];
  const unknown: string[] = [];
  const keys = world.user('operator');
  const server = createServer((request, response) => {
    serve(request, response).catch(error => {
      // A fault of the stand-in itself: as loud as an unknown operation.
      unknown.push(`fault of the stand-in: ${error?.stack ?? error}`);
      if (!response.headersSent) response.writeHead(500).end();
    });
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const requestId = randomUUID();
    const reply = await answerOf(request, body, requestId, world);
    calls.push(reply.record);
    unknown.push(...reply.unknown);
    if (reply.record.answer === 'lost') return void request.socket.destroy();
    send(response, reply, requestId, world);
  }

  await new Promise<void>(resolve => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ url, world, calls, keys, unknown: () => [...unknown, ...world.complaints] },
    env: (of = keys, region = 'eu-central-1') => ({
      ...{ AWS_ENDPOINT_URL: url, AWS_REGION: region, AWS_EC2_METADATA_DISABLED: 'true' },
      ...{ AWS_ACCESS_KEY_ID: of.accessKeyId, AWS_SECRET_ACCESS_KEY: of.secretAccessKey },
      ...(of.sessionToken && { AWS_SESSION_TOKEN: of.sessionToken }),
    }),
    async close() {
      world.close();
      await world.kubernetes?.close?.();
      await world.runner?.close();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, { status, type, body }: Reply, requestId: string, world: World): void {
  response.writeHead(status, {
    ...{ 'content-type': type, 'x-amzn-requestid': requestId },
    // A client learns the skew of its clock from it.
    date: new Date(world.now()).toUTCString(),
  });
  response.end(body);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}
