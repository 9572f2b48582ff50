/** How a muster process ends: what a schedule or a script reads. make turns every failure into 2. */
export const EXIT = { done: 0, failed: 1, unknown: 2, usage: 3, refused: 4, interrupted: 130 } as const;
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

export interface CodeEntry {
  exit: ExitStatus;
  /** One sentence: what this error says about the world. */
  meaning: string;
  /** What to do next, when the place that raised the error knows nothing better. */
  hint: string;
}

const entry = (exit: keyof typeof EXIT, meaning: string, hint: string): CodeEntry => ({
  exit: EXIT[exit],
  meaning,
  hint,
});

/** The one table of error codes. `./muster explain CODE` prints an entry; names never change once released. */
export const CODES = {
  // anything
  INTERNAL: entry('failed', 'muster itself is wrong: this error has no code of its own.', 'report it with the journal'),
  INTERRUPTED: entry(
    'interrupted',
    'The run was stopped by a signal.',
    'run the same command again: it goes on where it was',
  ),
  USAGE: entry('usage', 'The command line is not one that muster knows.', './muster --help'),
  // time
  WAIT_TIMEOUT: entry(
    'failed',
    'Something that was waited for did not happen before its deadline.',
    'look at the last observation, then run again',
  ),
  RETRY_EXHAUSTED: entry(
    'failed',
    'An operation failed at every attempt that was allowed.',
    'read the cause; run again when it is gone',
  ),
  // secret
  SECRET_NAME_INVALID: entry(
    'failed',
    'A name in the secret store is not one: a-z, 0-9, dot and dash, in parts joined by /.',
    'report it with the journal: names are chosen by muster',
  ),
  SECRET_UNREADABLE: entry('failed', 'A secret is there but could not be read.', 'look at the file and its rights'),
  SECRET_EXPOSED: entry(
    'refused',
    'A secret lies where others of this computer can read or exchange it.',
    'take their rights away (chmod go=), then replace what they may have read',
  ),
  SECRET_WRITE: entry('failed', 'A secret could not be kept.', 'free space or rights in .muster'),
  SECRET_MISSING: entry(
    'usage',
    'A reference (env:, file:, bw:) points at nothing.',
    'put the secret there, or correct the reference',
  ),
  SECRET_REFERENCE_INVALID: entry(
    'usage',
    'A text is not a reference to a secret.',
    'write env:NAME, file:PATH or bw:ITEM/FIELD',
  ),
  VAULT_UNAVAILABLE: entry('failed', 'The vault could not be asked through bw.', 'try: bw status'),
  VAULT_LOCKED: entry(
    'failed',
    'The vault is locked, or nobody is logged in.',
    'bw login, then: export BW_SESSION="$(bw unlock --raw)"',
  ),
  CERTIFICATE_INVALID: entry('failed', 'A text is not a certificate.', 'look at where it came from'),
  // inventory
  INVENTORY_INVALID: entry(
    'usage',
    'The inventory says something that cannot be built.',
    'correct the lines that are named; ./muster schema describes every key',
  ),
  INVENTORY_MISSING: entry('usage', 'There is no inventory of this name.', 'choose one with --site <name>'),
  INVENTORY_UNREADABLE: entry('usage', 'The inventory could not be read as text.', 'look at the file and its rights'),
  // engine
  STEP_UNVERIFIED: entry(
    'failed',
    'A step was applied, but observing again did not show its effect.',
    'read what was observed; run again with --verbose',
  ),
  STEP_UNKNOWN: entry(
    'unknown',
    'The state of a step could not be observed, so nothing is said about it.',
    'make it observable, then run again',
  ),
  STEP_DEADLINE: entry('failed', 'A step did not end before its deadline.', 'run again: what is done is seen and kept'),
  PLAN_INVALID: entry(
    'failed',
    'The steps do not make a plan: an id twice, a need that no step meets, or a circle.',
    'correct the script that is named',
  ),
  LOCK_HELD: entry('refused', 'Another run holds the lock of this site.', 'wait for it, or stop it'),
  JOURNAL_DAMAGED: entry(
    'refused',
    'A line in the middle of the journal is not what was written.',
    'keep a copy of the file, then move it away: the next run observes everything',
  ),
  JOURNAL_WRITE: entry(
    'failed',
    'The journal could not be written; no effect is begun without it.',
    'free space or rights in .muster',
  ),
  CONFIRM_MISSING: entry(
    'refused',
    'The command destroys something, and was not confirmed with the name of the site.',
    'add --confirm=<site>',
  ),
  // artifact
  LOCK_INVALID: entry('usage', 'artifacts/lock.yaml is not what muster reads.', 'correct the lines that are named'),
  LOCK_NO_VERSION: entry(
    'usage',
    'The inventory asks for a version that artifacts/lock.yaml does not have.',
    'choose a version of the lock, or add this one to it',
  ),
  LOCK_UNRESOLVED: entry(
    'refused',
    'The lock names a download whose digest was not looked up yet; nothing unproven is installed.',
    './muster lock fills it from the sums file of the release',
  ),
  LOCK_SUMS: entry(
    'failed',
    'The sums file of a release does not say what the digest of a file is.',
    'look at the file at the URL that is named',
  ),
  ARTIFACT_SOURCE_REFUSED: entry(
    'refused',
    'An environment other than lab was to install something that was built on this computer.',
    'name a released version and the source release, mirror or bundle in the inventory',
  ),
  ARTIFACT_NO_SOURCE: entry(
    'failed',
    'None of the sources in the inventory has what is to be installed.',
    'add a source that has it to artifacts.sources of the inventory',
  ),
  ARTIFACT_ABSENT: entry('failed', 'A source says that it does not have a file.', 'look at the URL that is named'),
  ARTIFACT_DOWNLOAD: entry(
    'failed',
    'A download did not come to its end.',
    'look at the network; run again: it goes on where it was cut',
  ),
  ARTIFACT_DIGEST: entry(
    'failed',
    'A file is not the one that the lock or the manifest names; it was not used.',
    'find out who changed the file, or the digest, before anything else',
  ),
  ARTIFACT_BUILD: entry(
    'failed',
    'A program or an image could not be built on this computer.',
    'read the last lines of the tool; run again: what is built already is kept',
  ),
  GO_MISSING: entry(
    'failed',
    'The source module needs Go, and there is none on this computer.',
    'install Go (https://go.dev/dl) and put it on PATH',
  ),
  GO_TOO_OLD: entry('failed', 'Go is older than the lab module wants.', 'install a newer Go (https://go.dev/dl)'),
  TOOL_MISSING: entry(
    'failed',
    'A program that muster needs on this computer is not there.',
    'install the Debian package that is named',
  ),
  BUNDLE_INVALID: entry('refused', 'A folder is not a bundle that muster made.', 'make it again: ./muster bundle'),
  BUNDLE_EXISTS: entry(
    'refused',
    'The bundle was to be written over a folder that holds something else.',
    'choose another folder',
  ),
  // cluster
  CLUSTER_NO_KUBECONFIG: entry(
    'failed',
    'There is no kubeconfig for this site: its cluster was not built from this checkout, or not yet.',
    './muster bootstrap --site <site>',
  ),
  CLUSTER_UNREACHABLE: entry(
    'unknown',
    'The API of the cluster did not answer, so nothing is said about what runs there.',
    './muster status --site <site>: is its machine on?',
  ),
  CLUSTER_REFUSED: entry(
    'failed',
    'The API of the cluster answered, and refused what was asked.',
    'read its words; they name the object and the field',
  ),
  K3S_ENDED: entry(
    'failed',
    'k3s ends again and again right after it was started.',
    'read its last lines; on the host: journalctl -u k3s -e',
  ),
  KUBECONFIG_REFUSED: entry(
    'refused',
    'A kubeconfig is not one that muster may use or replace: another hand made it, or others can read it.',
    'move it away, then run again: muster writes its own',
  ),
  WORKLOAD_BROKEN: entry(
    'failed',
    'A pod cannot become ready by waiting: its image cannot be had, or it ends again and again.',
    'kubectl describe the pod that is named',
  ),
  // shell
  SHELL_LOST: entry(
    'unknown',
    'The way to a host broke while a command ran, or a command could not be stopped: its outcome is not known.',
    'look at the host, then run again: what is done is seen and kept',
  ),
  SHELL_TIMEOUT: entry(
    'failed',
    'A command did not end in its time, and was stopped.',
    'read its last lines, then run again',
  ),
  SHELL_UNREACHABLE: entry(
    'failed',
    'No SSH connection to a host came about; nothing was run there.',
    './muster status: is the machine on, and its address right?',
  ),
  SHELL_UNUSABLE: entry(
    'failed',
    'A host let us in, but did not start /bin/sh: its login shell or its limits stand in the way.',
    'log in by hand with ssh, and read what it says',
  ),
  HOST_KEY_CHANGED: entry(
    'refused',
    'A host showed another key than the one that is known: it is another machine, or someone sits between.',
    'find out why before you go on; then write the new key into the inventory',
  ),
  SSH_AUTH_REFUSED: entry(
    'failed',
    'A host refuses our user or key.',
    'add the public key to ~/.ssh/authorized_keys of that user on the host',
  ),
  SUDO_PASSWORD: entry(
    'failed',
    'sudo on a host is not there, or wants a password; nothing was run.',
    'give the user NOPASSWD in /etc/sudoers.d, or log in as root',
  ),
  CWD_ABSENT: entry(
    'failed',
    'The directory in which a command was to run cannot be entered; it was not run.',
    'make it first',
  ),
  COMMAND_FAILED: entry('failed', 'A command ended with another status than 0.', 'read its last lines'),
  ARGUMENT_REFUSED: entry(
    'failed',
    'A value cannot be handed to a command byte for byte, so nothing was run.',
    'correct the value; what is large goes through stdin or a file',
  ),
  UPLOAD_FAILED: entry(
    'failed',
    'A file could not be written on a host; what was there before is untouched.',
    'read the last lines',
  ),
  UPLOAD_CORRUPT: entry(
    'failed',
    'What arrived at a host has another checksum than what was sent; what was there before is untouched.',
    'run again; if it happens again, look at the disk and the network',
  ),
  // site
  SITE_ABSENT: entry(
    'refused',
    'The site has no machines: it was never built, or was destroyed.',
    './muster bootstrap --site <site>',
  ),
  SITE_NOT_OWNED: entry(
    'refused',
    'The hosts are ones you brought: muster never switches, makes or removes them.',
    'switch them yourself, then ./muster bootstrap',
  ),
  LEAK_FOUND: entry(
    'failed',
    'After a teardown something that muster made is still there.',
    'run destroy again; remove by hand what it names',
  ),
  LEAK_UNKNOWN: entry(
    'unknown',
    'After a teardown it could not be seen whether anything is left.',
    'make it observable, then run destroy again',
  ),
  APP_UNREACHABLE: entry(
    'unknown',
    "The application's address gave no answer that the site's authority vouches for.",
    './muster status --site <site>',
  ),
  APP_DATABASE_UNREADABLE: entry(
    'unknown',
    "The app's database did not say what is in it, so nothing is done to it.",
    'kubectl -n app logs postgres-0',
  ),
  HOST_ABSENT: entry('failed', 'The provider has no such machine, or not yet.', './muster status --site <site>'),
  SSH_IDENTITY: entry('usage', 'The private key for a host cannot be read.', 'correct ssh.identity in the inventory'),
  HOST_KEY_UNKNOWN: entry(
    'refused',
    'No key is known for a host, so nothing is sent to it.',
    'add hosts[].ssh.hostKey to the inventory',
  ),
  STATE_PATH_LONG: entry(
    'usage',
    'The path of the checkout is too long for a UNIX socket.',
    'move the checkout to a shorter path',
  ),
  MACHINE_DAMAGED: entry(
    'failed',
    "A machine's files are not what muster wrote, or not all of them.",
    './muster destroy --site <site> --confirm=<site>, then bootstrap',
  ),
  MACHINE_NOT_OURS: entry(
    'refused',
    'A machine is there that this site did not make: muster does not touch it.',
    'find out whose it is; end it yourself if it is yours',
  ),
  MACHINE_DIED: entry(
    'failed',
    'A machine went off while it was waited for.',
    'read the end of its console; run again',
  ),
  QMP_SILENT: entry(
    'unknown',
    'QEMU does not say what its machine does.',
    'run again; if it stays so, end the process by hand',
  ),
  KVM_UNUSABLE: entry(
    'refused',
    'The inventory wants KVM, and /dev/kvm does not run a kernel.',
    'provider.accelerator: auto, in the inventory',
  ),
  PORT_TAKEN: entry(
    'refused',
    'A port of 127.0.0.1 that a machine needs is taken.',
    'free it, or choose another: provider.ports in the inventory',
  ),
  TOO_LITTLE_MEMORY: entry(
    'refused',
    'This computer has too little free memory for a machine.',
    'free memory, or lower hosts[].memory in the inventory',
  ),
  TOO_LITTLE_DISK: entry(
    'refused',
    'This computer has too little free disk for a machine.',
    'free disk, or lower hosts[].disk in the inventory',
  ),
  // this computer
  COMPUTER_UNFIT: entry(
    'refused',
    'This computer lacks what the site needs; nothing was begun.',
    './muster doctor says what, and what to type',
  ),
} satisfies Record<string, CodeEntry>;

export type Code = keyof typeof CODES;
