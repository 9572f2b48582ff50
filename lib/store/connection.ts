import type { S3Client } from '@aws-sdk/client-s3';
import { isOpsError } from '../errors/index.ts';
import { type Clock, type Duration, retry, seconds } from '../time/index.ts';
import type { StoreAccess } from './access.ts';
import { isBusy, passing, storeError } from './failure.ts';

export interface StoreEnv {
  clock: Clock;
  signal: AbortSignal;
  /** 0 <= x < 1. */
  random(): number;
  /** No byte for so long is no answer; absent: 30 s. */
  idle?: Duration;
}

type Sdk = typeof import('@aws-sdk/client-s3');

/** What a call gets to work with. */
export interface Wire {
  sdk: Sdk;
  client: S3Client;
  signal: AbortSignal;
}

export interface Connection {
  bucket: string;
  /** `what` completes "cannot ...". Tried again while the store gives no answer. Errors: STORE_UNREACHABLE, STORE_REFUSED. */
  call<T>(what: string, act: (wire: Wire) => Promise<T>): Promise<T>;
  /** Once only: for what must not happen twice. */
  once<T>(what: string, act: (wire: Wire) => Promise<T>): Promise<T>;
  /** The same, but asked again while the store says that it did nothing: it is busy, or another write is under way. */
  whenFree<T>(what: string, act: (wire: Wire) => Promise<T>): Promise<T>;
  /** What to throw for an error that came up outside a call, as in a body that is being read. */
  fault(what: string, cause: unknown): unknown;
  /** Until what crossed with a write of ours has been written too. */
  settle(): Promise<void>;
  close(): void;
}

/**
 * Not every endpoint looks at a condition and writes in one act: of two writes that cross, versitygw accepts both and
 * keeps the later one. After this time the one that stayed can be read.
 */
const SETTLE = seconds(0.4);

/** Bounds of the tries: while no answer comes, and while the store says that it is busy. */
const UNANSWERED = seconds(30);
const BUSY = seconds(120);
const IDLE = seconds(30);

/** One kept connection pool to an endpoint. The SDK (70 ms to load) comes with the first call. */
export function connectStore(access: StoreAccess, { clock, signal, random, idle = IDLE }: StoreEnv): Connection {
  let wire: Promise<Wire> | undefined;
  const open = async (): Promise<Wire> => {
    const sdk = await import('@aws-sdk/client-s3');
    return { sdk, client: newClient(sdk, access, idle), signal };
  };
  const fault = (what: string, cause: unknown) =>
    signal.aborted ? signal.reason : storeError(what, access.here, cause);

  async function once<T>(what: string, act: (wire: Wire) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    wire ??= open();
    try {
      return await act(await wire);
    } catch (cause) {
      throw fault(what, cause);
    }
  }

  async function again<T>(what: string, act: (wire: Wire) => Promise<T>, silences: number): Promise<T> {
    const began = clock.monotonic();
    let silent = 0;
    // A storm of "slow down" takes as long as it takes, and each pause is longer; silence tells nothing after the fourth.
    const on = (error: unknown) =>
      isBusy(error) || (passing(error) && ++silent < silences && clock.monotonic() - began < UNANSWERED);
    const spec = { what, attempts: Number.POSITIVE_INFINITY, total: BUSY, base: 100, cap: seconds(20), on };
    try {
      return await retry(spec, () => once(what, act), { clock, signal, random });
    } catch (error) {
      // Callers ask for the store's codes; how often it was tried is no matter of theirs.
      throw isOpsError(error, 'RETRY_EXHAUSTED') ? error.cause : error;
    }
  }

  return {
    bucket: access.bucket,
    call: (what, act) => again(what, act, 4),
    once,
    whenFree: (what, act) => again(what, act, 1),
    fault,
    settle: () => clock.sleep(SETTLE, signal),
    close: () => void wire?.then(({ client }) => client.destroy()),
  };
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

function newClient(
  { S3Client: Client }: Sdk,
  { here, region, ca, accessKey, secretKey, token }: StoreAccess,
  socketTimeout: Duration,
): S3Client {
  return new Client({
    endpoint: here,
    region,
    // Names as buckets of an address have no DNS; every S3 server takes paths.
    forcePathStyle: true,
    credentials: {
      accessKeyId: accessKey.reveal(),
      secretAccessKey: secretKey.reveal(),
      ...(token && { sessionToken: token.reveal() }),
    },
    // The SDK's own default, CRC32 in trailers, breaks on older servers.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // retry() above is the one place.
    maxAttempts: 1,
    // For it the SDK makes an agent of its own, which does not know our authority.
    expectContinueHeader: false,
    // Without one it warns on the console, in the middle of what a person looks at.
    logger: SILENT,
    requestHandler: {
      connectionTimeout: seconds(5),
      socketTimeout,
      httpsAgent: { keepAlive: true, maxSockets: 16, ...(ca !== undefined && { ca }) },
    },
  });
}
