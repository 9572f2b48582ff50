import type { Wording } from './check.ts';
import { AwsError } from './errors.ts';
import type { Caller } from './identity.ts';
import { loadModel, type Model } from './model.ts';
import type { World } from './world.ts';

/** One call, as its rule sees it. */
export interface Call {
  world: World;
  operation: string;
  account: string;
  region: string;
  caller: Caller;
  /** As it was read, unwatched: for comparing and keeping. */
  raw: Record<string, unknown>;
}

/** What an operation does. `never`: each rule names the SDK's own type of its input. */
export type Rule = (input: never, call: Call) => object | Promise<object>;
export type Rules = Record<string, Rule>;
export type Protocol = 'ec2' | 'query' | 'json' | 'rest';

export interface ServiceWant {
  /** As in a signature's scope. */
  name: string;
  client: string;
  protocol: Protocol;
  version: string;
  /** Before the dot of X-Amz-Target. */
  target?: string;
  rules: Rules;
}

export interface Service extends ServiceWant {
  model(): Model;
  wording: Wording;
}

export function service(want: ServiceWant): Service {
  let model: Model | undefined;
  return {
    ...want,
    wording: want.protocol === 'ec2' ? ec2Wording : validation(want.protocol),
    model() {
      model ??= loadModel(want.client);
      return model;
    },
  };
}

// "Error codes for the Amazon EC2 API": MissingParameter, InvalidParameterValue.
const ec2Wording: Wording = {
  missing: path => new AwsError('MissingParameter', `The request must contain the parameter ${path}`),
  notAllowed: (path, value) => new AwsError('InvalidParameterValue', `Invalid value '${value}' for ${path}.`),
};

/** As every service with the AWS validation of models words it; EKS has a code of its own. */
function validation(protocol: Protocol): Wording {
  const code = { ec2: '', query: 'ValidationError', json: 'ValidationException', rest: 'InvalidParameterException' };
  const say = (path: string, value: string, must: string) =>
    new AwsError(
      code[protocol],
      `1 validation error detected: Value ${value} at '${path}' failed to satisfy constraint: Member must ${must}`,
    );
  return {
    missing: path => say(path, 'null', 'not be null'),
    notAllowed: (path, value, allowed) => say(path, `'${value}'`, `satisfy enum value set: [${allowed.join(', ')}]`),
  };
}
