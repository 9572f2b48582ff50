import type { Verb } from './verb.ts';

/** Every verb, in the order of the help. */
export const VERBS: Readonly<Record<string, Verb>> = {
  bootstrap: {
    group: 'Site',
    title: 'Build the site, from nothing to a running application; what is there already is left alone',
    flags: ['only', 'from', 'retain'],
    load: async () => (await import('./verbs/bootstrap.ts')).bootstrap,
  },
  plan: {
    group: 'Site',
    title: 'Say what bootstrap would do, and do nothing',
    flags: ['only', 'from'],
    load: async () => (await import('./verbs/plan.ts')).plan,
  },
  status: {
    group: 'Site',
    title: 'Say what of the site is there, and whether it works',
    flags: [],
    load: async () => (await import('./verbs/status.ts')).status,
  },
  stop: {
    group: 'Site',
    title: "Stop the site's machines; the data stays",
    flags: [],
    load: async () => (await import('./verbs/power.ts')).stop,
  },
  start: {
    group: 'Site',
    title: "Start the site's machines again",
    flags: [],
    load: async () => (await import('./verbs/power.ts')).start,
  },
  destroy: {
    group: 'Site',
    title: 'Remove the site and its data, and prove that nothing is left',
    flags: ['confirm'],
    load: async () => (await import('./verbs/destroy.ts')).destroy,
  },
  'purge-store': {
    group: 'Site',
    title: "Remove a lab's store with every backup in it; destroy leaves it",
    flags: ['confirm'],
    load: async () => (await import('./verbs/purge-store.ts')).purge,
  },
  backup: {
    group: 'Backup',
    title: 'Take a set: every source of the inventory, read back and signed',
    flags: ['scheduled'],
    load: async () => (await import('./verbs/backup.ts')).backup,
  },
  backups: {
    group: 'Backup',
    title: 'List the sets: how old, how large, whether whole, when last proven',
    flags: [],
    load: async () => (await import('./verbs/backups.ts')).backups,
  },
  kubectl: {
    group: 'Site',
    title: "Run kubectl on the site's cluster",
    words: 'ARGUMENTS...',
    flags: [],
    passes: true,
    load: async () => (await import('./verbs/kubectl.ts')).kubectl,
  },
  doctor: {
    group: 'This computer',
    title: 'Check this computer: packages, KVM, Go, disk, memory, ports, rights',
    flags: [],
    load: async () => (await import('./verbs/doctor.ts')).doctor,
  },
  packages: {
    group: 'This computer',
    title: 'Install the Debian packages that muster needs here, after saying which and why',
    flags: ['tests'],
    load: async () => (await import('./verbs/packages.ts')).packages,
  },
  bundle: {
    group: 'Artifacts',
    title: 'Collect every artifact in a directory, for a computer without network',
    flags: ['out'],
    load: async () => (await import('./verbs/artifacts.ts')).bundle,
  },
  lock: {
    group: 'Artifacts',
    title: 'Fill digests that are missing in artifacts/lock.yaml',
    flags: [],
    load: async () => (await import('./verbs/artifacts.ts')).lock,
  },
  'verify-evidence': {
    group: 'Reference',
    title: "Check that a drill's evidence is what was signed, on any computer",
    words: 'DIR',
    flags: ['key'],
    load: async () => (await import('./verbs/verify-evidence.ts')).verify,
  },
  explain: {
    group: 'Reference',
    title: 'Explain an error code, or list them all',
    words: '[CODE]',
    flags: [],
    load: async () => (await import('./verbs/explain.ts')).explain,
  },
  schema: {
    group: 'Reference',
    title: 'Print the JSON Schema of inventories',
    flags: [],
    load: async () => (await import('./verbs/schema.ts')).schema,
  },
  help: {
    group: 'Reference',
    title: 'Explain a verb, or list them all',
    words: '[VERB]',
    flags: [],
    load: async () => (await import('./help.ts')).helpOn(VERBS),
  },
};
