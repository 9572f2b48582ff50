import { AwsError } from './errors.ts';

export interface Throttle {
  /** All when none is named. */
  operation?: string;
  /** Milliseconds from now. */
  forMs?: number;
  /** So many calls are refused, then it is over. */
  times?: number;
  /** Every so-many-th call is let through: 1 all, 4 one of four, 0 none. */
  everyNth?: number;
}

export interface Refusal {
  code: string;
  message?: string;
  status?: number;
  /** Members of the error beside its message. */
  more?: object;
}

/** What a test can make go wrong. Operations are named as in the API: 'RunInstances'; '*' is any. */
export class Faults {
  /** For so many milliseconds what was created is in no list, and cannot be found by its id. */
  lagMs = 0;
  /** For so many milliseconds machines are still there of which their node group is not. */
  outliveMs = 0;
  /** Zones ('eu-central-1a') or instance types in which nothing more can be started. */
  readonly noCapacity = new Set<string>();
  readonly quotas: Record<'vcpus' | 'vpcs' | 'addresses' | 'securityGroupRules' | 'clusters' | 'nodegroups', number> = {
    // "Amazon VPC quotas", "Amazon EC2 service quotas": the defaults of a new account.
    ...{ vcpus: 32, vpcs: 5, addresses: 5, securityGroupRules: 60 },
    // "Amazon EKS service quotas": clusters of a region, managed node groups of a cluster.
    ...{ clusters: 100, nodegroups: 30 },
  };
  #throttles: (Throttle & { until: number; seen: number })[] = [];
  #lost: { operation: string; left: number }[] = [];
  #refusals: { operation: string; refusal: Refusal; left: number }[] = [];
  #delays = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  throttle(rule: Throttle = {}): void {
    this.#throttles.push({ ...rule, until: rule.forMs === undefined ? Infinity : this.#now() + rule.forMs, seen: 0 });
  }

  /** The n-th call from now is done, and its answer never arrives: the connection is cut. */
  lose(operation: string, nth = 1): void {
    this.#lost.push({ operation, left: nth });
  }

  /** The next calls are refused with this code, and do nothing. */
  refuse(operation: string, refusal: Refusal, times = 1): void {
    this.#refusals.push({ operation, refusal, left: times });
  }

  delay(operation: string, ms: number): void {
    this.#delays.set(operation, ms);
  }

  clear(): void {
    this.lagMs = 0;
    this.outliveMs = 0;
    this.noCapacity.clear();
    this.#throttles = [];
    this.#lost = [];
    this.#refusals = [];
    this.#delays.clear();
  }

  delayOf(operation: string): number {
    return this.#delays.get(operation) ?? this.#delays.get('*') ?? 0;
  }

  /** Throws what was planted for this call. */
  beforeCall(operation: string, protocol: 'ec2' | 'query' | 'json' | 'rest'): void {
    const rule = this.#throttles.find(
      each => fits(each.operation, operation) && each.until > this.#now() && refuses(each),
    );
    if (rule) throw throttled(protocol);
    const planted = this.#refusals.find(each => fits(each.operation, operation) && each.left-- > 0);
    if (!planted) return;
    const { code, message = `planted by the test`, status = 400, more } = planted.refusal;
    throw new AwsError(code, message, status, more);
  }

  /** Is this the call whose answer gets lost? */
  losesAnswer(operation: string): boolean {
    const counted = this.#lost.filter(each => fits(each.operation, operation));
    for (const each of counted) each.left -= 1;
    return counted.some(({ left }) => left === 0);
  }
}

const fits = (wanted: string | undefined, operation: string) =>
  wanted === undefined || wanted === '*' || wanted === operation;

function refuses(rule: Throttle & { seen: number }): boolean {
  if (rule.times !== undefined && rule.seen >= rule.times) return false;
  rule.seen += 1;
  return !rule.everyNth || rule.seen % rule.everyNth !== 0;
}

/** Codes of "Error codes for the Amazon EC2 API" and of the services' "Common errors". */
function throttled(protocol: string): AwsError {
  if (protocol === 'ec2') return new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503);
  if (protocol === 'query') return new AwsError('Throttling', 'Rate exceeded', 400);
  return new AwsError('ThrottlingException', 'Rate exceeded', protocol === 'rest' ? 429 : 400);
}
