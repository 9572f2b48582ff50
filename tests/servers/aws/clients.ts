import type { Keys } from './identity.ts';
import type { AwsServer } from './server.ts';

interface ClientConfig {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  maxAttempts?: number;
}

/** A client of the SDK for this stand-in. */
export function clientOf<T>(
  client: new (config: ClientConfig) => T,
  aws: AwsServer,
  { keys = aws.keys, ...more }: { keys?: Keys; maxAttempts?: number; region?: string } = {},
): T {
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  return new client({ endpoint: aws.url, region: 'eu-central-1', credentials, ...more });
}

/** Of the refusal; undefined when there is none. */
export const codeOf = (call: Promise<unknown>): Promise<string | undefined> =>
  call.then(
    () => undefined,
    error => error.name,
  );
