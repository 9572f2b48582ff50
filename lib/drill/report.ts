import { z } from 'zod';
import { type CheckResult, LEVELS } from '../backup/check.ts';
import { SOURCES, setId } from '../backup/set.ts';

/**
 * What a drill leaves behind, version 1. Written once, read for years by other versions: names of scenarios and codes
 * are therefore text here. report.schema.json beside this file is its JSON Schema, kept equal by a test.
 */

/** Moments of a drill, in the order in which they happen. Not every scenario has all of them. */
export const MARKS = ['t0', 't1', 't2', 't3', 't4', 't5', 't6', 't7', 't8'] as const;
export type Mark = (typeof MARKS)[number];

/** What has happened at a mark, and what is called the time that led to it. */
export const MARK_WORDS: Readonly<Record<Mark, { happened: string; phase: string }>> = {
  t0: { happened: 'loss declared', phase: '' },
  t1: { happened: 'loss complete', phase: 'loss' },
  t2: { happened: 'set and keys in hand', phase: 'set and keys' },
  t3: { happened: 'machines up', phase: 'machines' },
  t4: { happened: 'cluster ready', phase: 'cluster' },
  t5: { happened: 'add-ons ready', phase: 'add-ons' },
  t6: { happened: 'data restored', phase: 'data' },
  t7: { happened: 'first answer of the application', phase: 'application' },
  t8: { happened: 'checks done', phase: 'proof' },
};

export const VERDICTS = ['verified', 'not verified', 'inconclusive'] as const;
export type Verdict = (typeof VERDICTS)[number];

const text = z.string();
const ms = z.int().min(0).describe('Milliseconds.');
const utc = z.iso.datetime();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const word = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);
const met = z.boolean().nullable().describe('null: it could not be told.');
const source = z.enum(SOURCES);
const mark = z.enum(MARKS);

/** A drill's id has the form of a set's: it sorts by time. */
export const drillId = setId;

const clocks = z.strictObject({
  marks: z
    .array(
      z.strictObject({
        mark,
        happened: text,
        at: utc,
        ms: ms.nullable().describe('Since t0; null: the clocks contradict each other.'),
      }),
    )
    .describe('In their order.'),
  phases: z.array(z.strictObject({ name: text, from: mark, to: mark, ms: ms.nullable() })),
  exactTo: ms.describe('The spans are exact to so much: 0 when this computer ran through, more when it was restarted.'),
  fault: text.nullable().describe('Why a span could not be told: it is negative.'),
});

const rpoSource = z.strictObject({
  source,
  newestCanary: z
    .strictObject({ number: z.int().min(1), written: utc })
    .nullable()
    .describe('The newest one written before t0 that came back.'),
  ms: ms.nullable().describe('Age of the newest data that came back, at t0; null: it could not be told.'),
  bound: ms.describe('How far the clocks that wrote and read the canaries may be apart.'),
  target: ms,
  met,
});
export type RpoOfSource = z.infer<typeof rpoSource>;

const check = z.strictObject({
  id: text,
  title: text,
  source: z.enum([...SOURCES, 'set', 'app', 'site']),
  level: z.enum(LEVELS),
  required: z.boolean(),
  expected: text,
  got: text,
  state: z.enum(['passed', 'failed', 'unrun']),
  code: text.optional().describe('Of a failed one: what is wrong. Of an unrun one: why.'),
  details: z.array(text).readonly().optional(),
});

const earlier = z.strictObject({
  id: drillId,
  at: utc.describe('t0.'),
  verdict: z.enum(VERDICTS),
  rto: ms.nullable(),
});

export const report = z
  .strictObject({
    schema: z.literal(1),
    id: drillId,
    scenario: word,
    namespace: z.string().optional().describe('Whose loss it was, where the scenario loses one.'),
    title: text.describe('Of the scenario: what was lost and brought back.'),
    mode: z
      .enum(['rehearse', 'destroy', 'rebuild'])
      .describe('rehearse: beside the living source. destroy: in place. rebuild: no drill, the site was gone.'),
    site: word.describe('Whose backup was proven.'),
    target: text.describe('Where it was restored.'),
    set: z
      .strictObject({ id: setId, takenAt: utc, trigger: z.enum(['schedule', 'person']), manifestSha256: sha256 })
      .nullable()
      .describe('null: the drill ended before it had chosen one.'),
    commit: text.describe('Of the checkout.'),
    lockDigest: sha256.describe('SHA-256 of artifacts/lock.yaml.'),
    by: z.strictObject({ trigger: z.enum(['schedule', 'person']), name: text }),
    versions: z.record(z.string(), z.string()).describe('Of the tools that took part.'),
    clocks,
    rto: z.strictObject({ ms: ms.nullable(), target: ms, met }).describe('t8 - t0.'),
    rtoToFirstAnswer: ms.nullable().describe('t7 - t0.'),
    rpo: z.strictObject({
      sources: z.array(rpoSource),
      worst: z.strictObject({ source, ms }).nullable(),
    }),
    checks: z.array(check),
    notProven: z.array(text).describe('In words, for a person.'),
    history: z.array(earlier).describe('Earlier drills of this scenario, the newest first.'),
    left: z.array(text).describe('What the drill made and could not remove.'),
    verdict: z.enum(VERDICTS),
    exit: z.union([z.literal(0), z.literal(1), z.literal(2)]).describe('0 verified in time, 1 not, 2 could not tell.'),
    expires: utc
      .nullable()
      .describe('The proof is worth nothing after it. null: nothing was proven, or it never does.'),
    error: z.strictObject({ code: text, message: text }).nullable().describe('Why the drill ended early.'),
  })
  .describe('Report of a recovery drill of muster.');

export type Report = z.infer<typeof report>;
export type Clocks = Report['clocks'];

/** What checks say can be written down as it is. */
export const asChecks = (results: readonly CheckResult[]): Report['checks'] => [...results];

/** JSON Schema (2020-12) of report.json. */
export const reportSchema = (): object =>
  z.toJSONSchema(report, {
    // zod's readonly() is about our types.
    override: ({ jsonSchema }) => {
      delete jsonSchema.readOnly;
    },
  });
