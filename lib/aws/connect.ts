import { isOpsError, OpsError } from '../errors/index.ts';
import { type Clock, retry, seconds } from '../time/index.ts';
import { actionOf } from './actions.ts';
import { awsError, isThrottled } from './failure.ts';
import { type ClientConfig, type Command, type Loaded, load, type Sdk, type Service } from './services.ts';

/** Whose account, and where: of the inventory. */
export interface AwsWant {
  /** Twelve digits. Every call is refused when the credentials are another account's. */
  account: string;
  region: string;
  /** Of ~/.aws/config; absent: the SDK's own chain (environment, SSO, web identity, instance). */
  profile?: string | undefined;
}

export interface AwsEnv {
  clock: Clock;
  signal: AbortSignal;
  /** 0 <= x < 1. */
  random(): number;
}

/** Who the credentials are: `arn` as 'arn:aws:iam::123456789012:user/ada'. */
export interface Caller {
  account: string;
  arn: string;
}

/** One account in one region. Nothing is loaded, and nobody asked, before the first call. */
export interface Aws {
  readonly account: string;
  readonly region: string;
  /**
   * The one gate to AWS. `what` completes "cannot ...". Reads are asked again while no answer comes; a write only when it
   * was throttled, or when `again` says that a second one finds the first (a ClientToken): else a lost answer is thrown as
   * AWS_UNREACHABLE, and the caller looks. Errors: AWS_*.
   */
  call<S extends Service, Output>(
    service: S,
    what: string,
    make: (sdk: Sdk<S>) => Command<Output>,
    options?: { again?: boolean },
  ): Promise<Output>;
  /** Errors: AWS_CREDENTIALS, AWS_UNREACHABLE; never AWS_ACCOUNT: it says who it is, whoever that is. */
  caller(): Promise<Caller>;
  /** The same, once it is one of the inventory's account. Errors: also AWS_ACCOUNT. `what` completes "cannot ...". */
  ours(what: string): Promise<Caller>;
  close(): void;
}

/** Without an answer, one after the other: then nothing is known. */
const SILENCES = 8;

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

export function connectAws(want: AwsWant, env: AwsEnv): Aws {
  const { account, region, profile } = want;
  const config: ClientConfig = {
    region,
    ...(profile !== undefined && { profile }),
    // retry() below is the one place.
    maxAttempts: 1,
    logger: SILENT,
    requestHandler: { connectionTimeout: seconds(5), socketTimeout: seconds(60) },
  };
  const clients = new Map<Service, Promise<Loaded<Service>>>();
  let known: Promise<Caller> | undefined;

  function client<S extends Service>(service: S): Promise<Loaded<S>> {
    const there = clients.get(service) ?? (load(service, config) as Promise<Loaded<Service>>);
    clients.set(service, there);
    // The map's values are each of the service of their key.
    return there as unknown as Promise<Loaded<S>>;
  }

  async function send<S extends Service, Output>(
    service: S,
    what: string,
    make: (sdk: Sdk<S>) => Command<Output>,
    again?: boolean,
  ): Promise<Output> {
    const { sdk, send: wire } = await client(service);
    const action = `${service.split('/')[0]}:${nameOf(make(sdk))}`;
    const entry = actionOf(action);
    if (!entry) throw new OpsError('INTERNAL', `cannot ${what}: ${action} is not in lib/aws/actions.ts`);
    const repeats = again ?? entry.kind === 'read';
    let silent = 0;
    // A request that was throttled was not carried out; a storm of it takes as long as it takes, silence only so often.
    const on = (error: unknown) =>
      isThrottled(error) || (repeats && isOpsError(error, 'AWS_UNREACHABLE') && ++silent < SILENCES);
    const spec = { what, attempts: Number.POSITIVE_INFINITY, total: seconds(120), base: 200, cap: seconds(10), on };
    const once = async () => {
      try {
        return await wire(make(sdk), env.signal);
      } catch (cause) {
        throw env.signal.aborted
          ? env.signal.reason
          : awsError(what, action, cause, profile ?? process.env.AWS_PROFILE);
      }
    };
    try {
      return await retry(spec, once, env);
    } catch (error) {
      // Callers ask for AWS's codes; how often it was tried is no matter of theirs.
      throw isOpsError(error, 'RETRY_EXHAUSTED') ? error.cause : error;
    }
  }

  const identify = async (): Promise<Caller> => {
    const who = await send('sts', 'ask AWS who we are', sdk => new sdk.GetCallerIdentityCommand());
    return { account: who.Account ?? '', arn: who.Arn ?? '' };
  };
  const caller = () => {
    known ??= identify().catch(error => {
      known = undefined;
      throw error;
    });
    return known;
  };

  const ours = async (what: string) => {
    const who = await caller();
    if (who.account !== account) throw wrongAccount(what, who, want);
    return who;
  };

  return {
    account,
    region,
    caller,
    ours,
    async call(service, what, make, { again } = {}) {
      await ours(what);
      return send(service, what, make, again);
    },
    close: () => {
      for (const there of clients.values()) void there.then(({ close }) => close());
    },
  };
}

const nameOf = (command: object): string => command.constructor.name.replace(/Command$/, '');

const wrongAccount = (what: string, { account, arn }: Caller, want: AwsWant) =>
  new OpsError(
    'AWS_ACCOUNT',
    `cannot ${what}: these credentials are ${arn} of account ${account}, and the inventory names ${want.account}`,
  );
