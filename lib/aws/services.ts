/** The services that muster talks to, by IAM's name; after a slash the second API of one. Each SDK client is loaded with its first call (client-ec2 costs 200 ms). */
const LOADERS = {
  ec2: async () => {
    const sdk = await import('@aws-sdk/client-ec2');
    return { sdk, Client: sdk.EC2Client };
  },
  sts: async () => {
    const sdk = await import('@aws-sdk/client-sts');
    return { sdk, Client: sdk.STSClient };
  },
  ssm: async () => {
    const sdk = await import('@aws-sdk/client-ssm');
    return { sdk, Client: sdk.SSMClient };
  },
  iam: async () => {
    const sdk = await import('@aws-sdk/client-iam');
    return { sdk, Client: sdk.IAMClient };
  },
  eks: async () => {
    const sdk = await import('@aws-sdk/client-eks');
    return { sdk, Client: sdk.EKSClient };
  },
  elasticloadbalancing: async () => {
    const sdk = await import('@aws-sdk/client-elastic-load-balancing-v2');
    return { sdk, Client: sdk.ElasticLoadBalancingV2Client };
  },
  'elasticloadbalancing/classic': async () => {
    const sdk = await import('@aws-sdk/client-elastic-load-balancing');
    return { sdk, Client: sdk.ElasticLoadBalancingClient };
  },
  logs: async () => {
    const sdk = await import('@aws-sdk/client-cloudwatch-logs');
    return { sdk, Client: sdk.CloudWatchLogsClient };
  },
};

export type Service = keyof typeof LOADERS;
/** The module of a service's client, as `typeof import('@aws-sdk/client-ec2')`. */
export type Sdk<S extends Service> = Awaited<ReturnType<(typeof LOADERS)[S]>>['sdk'];

/** One request of the SDK; its output is read off the type, since every client has base classes of its own. */
export interface Command<Output> {
  readonly input: object;
  resolveMiddleware(...args: never[]): (...args: never[]) => Promise<{ output: Output }>;
}

export interface ClientConfig {
  region: string;
  profile?: string;
  maxAttempts: number;
  logger: Record<'debug' | 'info' | 'warn' | 'error', () => void>;
  requestHandler: { connectionTimeout: number; socketTimeout: number };
}

export interface Loaded<S extends Service> {
  sdk: Sdk<S>;
  send<Output>(command: Command<Output>, signal: AbortSignal): Promise<Output>;
  close(): void;
}

export async function load<S extends Service>(service: S, config: ClientConfig): Promise<Loaded<S>> {
  const { sdk, Client } = await LOADERS[service]();
  // The commands of one service fit its client only; which service it is, the type S alone knows.
  const client = new Client(config) as unknown as {
    send<Output>(command: Command<Output>, options: { abortSignal: AbortSignal }): Promise<Output>;
    destroy(): void;
  };
  return {
    sdk: sdk as Sdk<S>,
    send: (command, abortSignal) => client.send(command, { abortSignal }),
    close: () => client.destroy(),
  };
}
