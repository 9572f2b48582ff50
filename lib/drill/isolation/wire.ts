import type { AnyStep, Emit, EngineEvent } from '../../engine/index.ts';
import { asOpsError, type Code, OpsError } from '../../errors/index.ts';
import { Secret } from '../../secret/index.ts';
import type { Keys } from '../../store/index.ts';
import type { Neighbour } from '../neighbour.ts';
import type { Ended } from '../run.ts';
import type { Isolation } from './isolate.ts';

/** What a rehearsal is to do, as data: it may be another process that does it. */
export interface Order {
  drill: string;
  scenario: string;
  /** Of the source. */
  site: string;
  set: string;
  /** The age identity that a person brought. */
  identity?: string;
  beside: Neighbour;
  isolation: Isolation;
}

/** What a rehearsal has seen, and its journal. */
export interface Rehearsed {
  ended: Ended;
  journal?: string;
}

/** In the state of the new site: what was seen. */
export const RESULT = 'drill/ended.json';

/** One line for stdin: the keys are in no argument and no environment. */
export const orderText = (order: Order, scratch: Keys | undefined): string =>
  `${JSON.stringify({
    order,
    scratch: scratch && { accessKey: scratch.accessKey.reveal(), secretKey: scratch.secretKey.reveal() },
  })}\n`;

export function parseOrder(text: string): { order: Order; scratch?: Keys } {
  const { order, scratch } = JSON.parse(text) as { order: Order; scratch?: Record<keyof Keys, string> };
  if (!scratch) return { order };
  const { accessKey, secretKey } = scratch;
  return { order, scratch: { accessKey: new Secret(accessKey), secretKey: new Secret(secretKey) } };
}

type ErrorData = Pick<OpsError, 'code' | 'message' | 'hint' | 'details'>;

function errorData(thrown: unknown): ErrorData {
  const { code, message, hint, details } = asOpsError(thrown);
  return { code, message, hint, details };
}

const errorOf = ({ code, message, ...context }: ErrorData) => new OpsError(code as Code, message, context);

export function encodeRehearsed({ ended, journal }: Rehearsed): string {
  const { error, ...seen } = ended;
  return JSON.stringify({ ...seen, ...(error !== undefined && { error: errorData(error) }), journal });
}

export function decodeRehearsed(text: string): Rehearsed {
  const { error, journal, ...seen } = JSON.parse(text) as Omit<Ended, 'error'> & {
    error?: ErrorData;
    journal?: string;
  };
  return { ended: { ...seen, ...(error && { error: errorOf(error) }) }, ...(journal !== undefined && { journal }) };
}

/** A step is told by what a view shows of it. */
export function encodeEvent(event: EngineEvent): string {
  if (event.type === 'notice') return JSON.stringify(event);
  const { id, title, target } = event.step;
  const failed = event.type === 'failed' && { error: errorData(event.error) };
  return JSON.stringify({ ...event, ...failed, step: { id, title, target } });
}

/** Emits what a line says; false: it is no event. One step is one object, for those who count by it. */
export function eventReader(emit: Emit): (line: string) => boolean {
  const steps = new Map<string, AnyStep>();
  return line => {
    const event = parse(line);
    if (!event) return false;
    if (event.type === 'notice') {
      emit(event);
      return true;
    }
    const { id, target } = event.step;
    const key = `${id} ${target.site} ${target.kind} ${target.name}`;
    const step = steps.get(key) ?? event.step;
    steps.set(key, step);
    emit(event.type === 'failed' ? { ...event, step, error: errorOf(event.error as ErrorData) } : { ...event, step });
    return true;
  };
}

function parse(line: string): EngineEvent | undefined {
  try {
    const event = JSON.parse(line) as EngineEvent;
    return typeof event.type === 'string' ? event : undefined;
  } catch {
    return undefined;
  }
}
