import { type CodeEntry, entry } from '../exit.ts';

/** Of what a run reaches out for: artifacts, a cluster, hosts by their shell. */
export const REACH_CODES = {
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
    './muster lock fills it from the sums file of the release, or the registry of the image',
  ),
  LOCK_SUMS: entry(
    'failed',
    'The sums file of a release does not say what the digest of a file is.',
    'look at the file at the URL that is named',
  ),
  ARTIFACT_SOURCE_REFUSED: entry(
    'refused',
    'An environment other than lab was to install something that was built on a computer, and that nobody vouches for.',
    'name a released version; for what has no release, the digest that `./muster bundle` prints: artifacts.bundleDigest',
  ),
  ARTIFACT_NO_SOURCE: entry(
    'failed',
    'None of the sources in the inventory has what is to be installed.',
    'add a source that has it to artifacts.sources of the inventory; what muster builds has none but `./muster bundle`',
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
} satisfies Record<string, CodeEntry>;
