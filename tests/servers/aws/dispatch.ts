import type { IncomingMessage } from 'node:http';
import { checkInput } from './check.ts';
import { mayRefuse } from './codes.ts';
import { AwsError, Unknown } from './errors.ts';
import { authenticate, authorize, type Caller, type Keys } from './identity.ts';
import { impliedBy } from './implied.ts';
import type { Operation } from './model.ts';
import { readForm } from './protocols/form.ts';
import { readJson, writeJson } from './protocols/json.ts';
import { parse, readRest, route } from './protocols/rest.ts';
import { ec2Answer, ec2Error, queryAnswer, queryError } from './protocols/xml.ts';
import type { CallRecord } from './server.ts';
import type { Service } from './service.ts';
import { findService } from './services.ts';
import { type Claim, readClaim, type Signed } from './signature.ts';
import { tracked } from './tracked.ts';
import type { World } from './world.ts';

export interface Reply {
  status: number;
  type: string;
  body: string;
  record: CallRecord;
  unknown: string[];
}

interface Read {
  operation: Operation;
  input: Record<string, unknown>;
}

/** From the request as it came to the answer as it goes: who, what, whether the model allows it, then the rule itself. */
export async function answerOf(request: IncomingMessage, body: Buffer, id: string, world: World): Promise<Reply> {
  const url = new URL(request.url ?? '/', 'http://stand-in');
  const signed: Signed = {
    method: request.method ?? '',
    path: (request.url ?? '/').split('?')[0] ?? '/',
    query: url.searchParams,
    headers: request.headers as Signed['headers'],
    body,
  };
  const claim = readClaim(signed);
  const service = findService(claim, signed);
  const record: CallRecord = {
    ...{ service: service?.name ?? claim?.service ?? '', operation: '', action: '', parameters: {}, caller: '' },
    ...{ region: claim?.region ?? '', answer: 'ok' },
  };
  if (!service) return stranger(record, signed);
  const unknown: string[] = [];
  try {
    const { operation, output } = await perform(service, signed, claim, record, unknown, world);
    if (world.faults.losesAnswer(operation.name)) record.answer = 'lost';
    return { ...success(service, operation, output, id), record, unknown };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error instanceof Unknown) unknown.push(`${record.service} ${record.operation}: ${error.message}`);
    record.answer = error.code;
    return { ...failure(service, error, id), record, unknown };
  }
}

async function perform(
  service: Service,
  signed: Signed,
  claim: Claim | undefined,
  record: CallRecord,
  unknown: string[],
  world: World,
) {
  record.operation = nameOf(service, signed);
  record.action = `${service.name}:${record.operation}`;
  const as = service.protocol === 'ec2' || service.protocol === 'query' ? service.protocol : 'json';
  // Tokens from outside are their own proof: these carry no signature.
  const open = /^(AssumeRoleWith(WebIdentity|SAML)|GetRoleCredentials)$/.test(record.operation) && claim === undefined;
  const nobody: Caller = { account: world.account, arn: 'anonymous', userId: '' };
  const keys: Pick<Keys, 'caller' | 'allowed'> = open
    ? { caller: nobody }
    : authenticate(signed, claim, world.keys, world.now(), as);
  const { caller } = keys;
  record.caller = caller.arn;
  await new Promise(resolve => setTimeout(resolve, world.faults.delayOf(record.operation)));
  world.faults.beforeCall(record.operation, service.protocol);
  authorize(keys, record.action, as);
  const { operation, input } = read(service, signed, record.operation);
  record.parameters = input;
  if (keys.allowed)
    for (const also of impliedBy(record.action, input, { world, account: caller.account })) authorize(keys, also, as);
  const rule = service.rules[operation.name];
  if (!rule) throw new Unknown(`operation ${operation.name}`);
  checkInput(service.model(), operation.input, input, service.wording);
  service.constraints(world.packages).check(operation.name, input, service.wording.unmet);
  const watched = tracked(input);
  const { DryRun } = watched.value as { DryRun?: boolean };
  if (DryRun) throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
  const region = claim?.region ?? 'us-east-1';
  const call = { world, operation: operation.name, account: caller.account, region, caller, raw: input };
  const output = await refusing(service, operation, () => rule(watched.value as never, call), world, unknown);
  unknown.push(...watched.unread().map(path => `${record.action}: parameter ${path} is not looked at by the stand-in`));
  return { operation, output };
}

/** A rule may refuse only as the model of its operation says, or a table does: else it is of the stand-in's own making. */
async function refusing(
  service: Service,
  { name }: Operation,
  rule: () => object | Promise<object>,
  { packages }: World,
  unknown: string[],
): Promise<object> {
  try {
    return await rule();
  } catch (error) {
    if (error instanceof AwsError && !(error instanceof Unknown) && !mayRefuse(service, name, error.code, packages))
      unknown.push(`${service.name}:${name} refuses by ${error.code}, which neither its model nor codes.ts has`);
    throw error;
  }
}

/** '' when the request names none. */
function nameOf(service: Service, { body, method, path, headers, query }: Signed): string {
  if (service.protocol === 'rest') return route(service.model(), method, path)?.operation.name ?? `${method} ${path}`;
  if (service.protocol === 'json') return (headers['x-amz-target'] ?? '').split('.')[1] ?? '';
  return query.get('Action') ?? new URLSearchParams(body.toString()).get('Action') ?? '';
}

function read(service: Service, signed: Signed, name: string): Read {
  const model = service.model();
  const text = signed.body.toString();
  if (service.protocol === 'rest') {
    const routed = route(model, signed.method, signed.path);
    if (!routed) throw new Unknown(`operation ${name}`);
    return { operation: routed.operation, input: readRest(routed, signed, text) };
  }
  const operation = model.operation(name);
  if (!operation) throw new Unknown(`operation ${name}`);
  if (service.protocol === 'json')
    return { operation, input: readJson(operation.input, parse(text)) as Record<string, unknown> };
  const form = signed.method === 'GET' ? signed.query : new URLSearchParams(text);
  if (form.get('Version') !== service.version) throw new Unknown(`version ${form.get('Version')} of ${service.name}`);
  return { operation, input: readForm(operation.input, form, service.protocol === 'ec2') };
}

type Wire = Pick<Reply, 'status' | 'type' | 'body'>;

function success({ protocol, version }: Service, operation: Operation, output: object, id: string): Wire {
  const xml = { status: 200, type: 'text/xml;charset=UTF-8' };
  if (protocol === 'ec2') return { ...xml, body: ec2Answer(operation, output, version, id) };
  if (protocol === 'query') return { ...xml, body: queryAnswer(operation, output, version, id) };
  const type = protocol === 'json' ? 'application/x-amz-json-1.1' : 'application/json';
  return { status: operation.http?.[2] ?? 200, type, body: JSON.stringify(writeJson(operation.output, output) ?? {}) };
}

function failure({ protocol }: Service, error: AwsError, id: string): Wire {
  const { status } = error;
  if (protocol === 'ec2') return { status, type: 'text/xml', body: ec2Error(error, id) };
  if (protocol === 'query') return { status, type: 'text/xml', body: queryError(error, id) };
  const body = JSON.stringify({ __type: error.code, code: error.code, message: error.message, ...error.more });
  return { status, type: protocol === 'json' ? 'application/x-amz-json-1.1' : 'application/json', body };
}

/** A request of a service that is not here, or that tells of none. */
const stranger = (record: CallRecord, { method, path }: Signed): Reply => ({
  ...{ status: 501, type: 'text/plain', body: 'the stand-in does not know this service', record },
  unknown: [`service '${record.service}': ${method} ${path}`],
});
