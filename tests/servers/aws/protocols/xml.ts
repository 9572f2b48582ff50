import type { NormalizedSchema } from '@smithy/core/schema';
import type { AwsError } from '../errors.ts';
import type { Operation } from '../model.ts';

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const element = (name: string, inner: string) => `<${name}>${inner}</${name}>`;

/** The answer of EC2: members of the output at the top, beside the request's id. */
export const ec2Answer = (operation: Operation, output: unknown, version: string, requestId: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${operation.name}Response xmlns="http://ec2.amazonaws.com/doc/${version}/">` +
  `${element('requestId', requestId)}${members(operation.output, output)}</${operation.name}Response>`;

/** The answer of the query protocol: the output in <...Result>. */
export const queryAnswer = (operation: Operation, output: unknown, version: string, requestId: string): string =>
  `<${operation.name}Response xmlns="https://example.invalid/doc/${version}/">` +
  `${element(`${operation.name}Result`, members(operation.output, output))}` +
  `${element('ResponseMetadata', element('RequestId', requestId))}</${operation.name}Response>`;

export const ec2Error = ({ code, message }: AwsError, requestId: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n` +
  element(
    'Response',
    element('Errors', element('Error', element('Code', code) + element('Message', escaped(message)))) +
      element('RequestID', requestId),
  );

export const queryError = ({ code, message, status }: AwsError, requestId: string): string =>
  element(
    'ErrorResponse',
    element(
      'Error',
      element('Type', status < 500 ? 'Sender' : 'Receiver') +
        element('Code', code) +
        element('Message', escaped(message)),
    ) + element('RequestId', requestId),
  );

/** Throws on a member that the model has not: then the stand-in is wrong. */
function members(schema: NormalizedSchema, value: unknown): string {
  if (schema.isUnitSchema()) return '';
  const given = { ...(value as Record<string, unknown>) };
  const written = [...schema.structIterator()].map(([name, node]) => {
    const each = given[name];
    delete given[name];
    if (each === undefined || each === null) return '';
    return write((node.getMemberTraits() as { xmlName?: string }).xmlName ?? name, node, each);
  });
  const other = Object.keys(given).filter(name => given[name] !== undefined);
  if (other.length > 0) throw new Error(`the stand-in answers ${other}, which ${schema.getName()} has not`);
  return written.join('');
}

function write(name: string, node: NormalizedSchema, value: unknown): string {
  if (node.isListSchema()) {
    const member = node.getValueSchema();
    const flat = node.getMergedTraits().xmlFlattened;
    const inner = flat ? name : (member.getMergedTraits().xmlName ?? 'member');
    const all = (value as unknown[]).map(each => write(inner, member, each)).join('');
    return flat ? all : element(name, all);
  }
  if (node.isStructSchema()) return element(name, members(node, value));
  if (node.isTimestampSchema()) return element(name, (value as Date).toISOString());
  if (node.isBlobSchema()) return element(name, Buffer.from(value as Uint8Array).toString('base64'));
  return element(name, escaped(String(value)));
}
