import { type Ec2State, newEc2State } from './ec2/state.ts';
import type { Kubernetes } from './eks/kubernetes.ts';
import { Faults } from './faults.ts';
import { type Caller, type Keys, newKeys } from './identity.ts';
import type { Runner } from './instances/runner.ts';

export interface WorldOptions {
  /** Twelve digits. */
  account?: string;
  /** Milliseconds from an order to its effect: pending to running, CREATING to ACTIVE. */
  settleMs?: number;
  /** At most so many elements of a list in one answer, whatever was asked for. */
  pageSize?: number;
  /** Starts what RunInstances orders; without it instances are words only. */
  runner?: Runner;
  /** Makes the API behind a cluster; without it an endpoint is a name only. */
  kubernetes?: Kubernetes;
}

/** All that the stand-in knows, by account and region. */
export class World {
  readonly faults = new Faults(() => this.now());
  readonly keys: Keys[] = [];
  /** What went wrong outside of a call, and is as loud as what is unknown. */
  readonly complaints: string[] = [];
  readonly account: string;
  settleMs: number;
  readonly pageSize: number;
  readonly runner: Runner | undefined;
  readonly kubernetes: Kubernetes | undefined;
  /** Where botocore's models lie. */
  readonly packages: string;
  /** Added to this computer's clock. */
  clockOffset = 0;
  #public = 0;
  readonly #ec2 = new Map<string, Ec2State>();
  readonly #parts = new Map<string, unknown>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(
    packages: string,
    { account = '111122223333', settleMs = 50, pageSize = 5, runner, kubernetes }: WorldOptions,
  ) {
    this.account = account;
    this.settleMs = settleMs;
    this.pageSize = pageSize;
    this.runner = runner;
    this.kubernetes = kubernetes;
    this.packages = packages;
  }

  now(): number {
    return Date.now() + this.clockOffset;
  }

  /** Keys of an IAM user, there from the beginning. */
  user(name: string, account = this.account): Keys {
    const caller: Caller = {
      account,
      arn: `arn:aws:iam::${account}:user/${name}`,
      userId: `AIDA${name.toUpperCase()}`,
    };
    const keys = newKeys(caller);
    this.keys.push(keys);
    return keys;
  }

  ec2(account: string, region: string): Ec2State {
    return this.#of(this.#ec2, `${account} ${region}`, () => newEc2State(this, account, region));
  }

  /** What a service keeps here, by a name of its own: 'iam 111122223333'. */
  part<T>(name: string, make: () => T): T {
    return this.#of(this.#parts as Map<string, T>, name, make);
  }

  /** Number of the next public address, of all accounts. */
  nextPublic(): number {
    this.#public += 1;
    return this.#public;
  }

  /** What goes wrong then is a complaint. */
  later(ms: number, act: () => unknown): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#act(act);
    }, ms);
    this.#timers.add(timer);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #act(act: () => unknown): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.complaints.push(`fault of the stand-in: ${error instanceof Error ? error.stack : error}`);
    }
  }

  #of<T>(map: Map<string, T>, key: string, make: () => T): T {
    const found = map.get(key) ?? make();
    map.set(key, found);
    return found;
  }
}
