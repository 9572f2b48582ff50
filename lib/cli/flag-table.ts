/** Understood by every verb. */
export const COMMON = {
  site: { type: 'string', value: 'NAME', about: 'the inventory inventories/NAME.yaml; lab when absent' },
  'dry-run': { type: 'boolean', about: 'say what would be done, and do nothing' },
  yes: { type: 'boolean', about: 'answer questions with yes; what destroys wants --confirm too' },
  json: { type: 'boolean', about: 'data on stdout as JSON' },
  verbose: { type: 'boolean', about: 'every observation and decision, and where errors come from' },
  help: { type: 'boolean', about: 'this text' },
} as const;

/** Understood by the verbs that name them. */
export const SPECIAL = {
  only: {
    type: 'string',
    value: 'STEP',
    about: 'this step, or the steps of this script; damages with this word; this credential',
  },
  from: { type: 'string', value: 'STEP', about: 'this step and those after it' },
  retain: { type: 'boolean', about: 'keep what a failed run made; always so in labs' },
  confirm: { type: 'string', value: 'SITE', about: 'the name of the site: what is lost, or bound for ever, is meant' },
  scheduled: { type: 'boolean', about: 'started by a timer: the dead-man URL is told how it ended' },
  set: { type: 'string', value: 'SET', about: 'a set of `./muster backups`; the newest complete one when absent' },
  mode: { type: 'string', value: 'MODE', about: 'rehearse: beside the living site; destroy: in place, on a lab' },
  at: { type: 'string', value: 'TIME', about: 'a moment in UTC, as 2026-11-21T15:00:00Z' },
  tests: { type: 'boolean', about: 'also what only the tests need' },
  out: { type: 'string', value: 'DIR', about: 'where to write' },
  identity: {
    type: 'string',
    value: 'FILE',
    about: "the age identity that opens the escrow; the inventory's or a lab's own when absent",
  },
  key: { type: 'string', value: 'FILE', about: 'the public key of the site, which you have from elsewhere' },
} as const;

export type CommonFlag = keyof typeof COMMON;
export type SpecialFlag = keyof typeof SPECIAL;

type ValuesOf<Specs extends Record<string, { type: 'string' | 'boolean' }>> = {
  -readonly [Name in keyof Specs]?: Specs[Name]['type'] extends 'string' ? string : boolean;
};

export type Flags = ValuesOf<typeof COMMON> & ValuesOf<typeof SPECIAL>;
