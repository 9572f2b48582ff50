import type { Duplex } from 'node:stream';
import type { Secret } from '../secret/index.ts';
import type { Duration } from '../time/index.ts';

/** What later modules implement and steps use. Declared here, so that a step depends on no implementation. */

/** argv travels byte-exact; a script goes over stdin to `/bin/sh -s`, with `args` as $1, $2 ... */
export type Command = readonly string[] | { script: string; args?: readonly string[] };

export interface ExecOptions {
  /** Not together with a script, which uses stdin itself. */
  stdin?: string | Uint8Array | AsyncIterable<Uint8Array>;
  env?: Readonly<Record<string, string>>;
  /** Goes to the child's environment only; masked in every output and error. */
  secretEnv?: Readonly<Record<string, Secret>>;
  /** Must exist, or the command is not run. */
  cwd?: string;
  timeout?: Duration;
  /** Run as root; fails before the command when a password would be asked for. */
  sudo?: boolean;
  signal?: AbortSignal;
  /** Complete lines as they come, for progress. */
  onLine?(line: string, stream: 'stdout' | 'stderr'): void;
  /** Kept bytes per stream, the newest; 1 MiB when absent. More is counted, not kept. */
  keep?: number;
}

export interface Output {
  bytes: Uint8Array;
  /** UTF-8 view of bytes. */
  text: string;
  /** Bytes that came but were not kept. */
  dropped: number;
}

/** `code` null means that a signal ended it. A lost connection is never a result: it is thrown. */
export interface ExecResult {
  code: number | null;
  signal: string | null;
  stdout: Output;
  stderr: Output;
}

export interface UploadOptions {
  /** Octal, as 0o644. */
  mode: number;
  owner?: string;
  sudo?: boolean;
  signal?: AbortSignal;
  onBytes?(sent: number, total: number): void;
}

/** A host's command line. Errors: SHELL_LOST (outcome unknown), SHELL_TIMEOUT, SHELL_UNREACHABLE, HOST_KEY_CHANGED ... */
export interface Shell {
  readonly host: string;
  /** Any exit status is a result. */
  exec(command: Command, options?: ExecOptions): Promise<ExecResult>;
  /** stdout as text; any exit status but 0 is COMMAND_FAILED. */
  run(command: Command, options?: ExecOptions): Promise<string>;
  /** Temporary name, checksum on the far side, fsync, rename. `source` is a local file or the content itself. */
  upload(
    source: { file: string } | { content: string | Uint8Array | Secret },
    path: string,
    options: UploadOptions,
  ): Promise<void>;
  close(): Promise<void>;
}

/** A read-only question to a host. Probes of one host that are asked together travel as one script, run as root by /bin/sh. */
export interface Probe<T> {
  /** Unique for its script: answers are cached by it. */
  id: string;
  script: string;
  /** stdout and exit status of the script; throws when they make no sense. */
  parse(stdout: string, code: number): T;
}

export interface Facts {
  ask<T>(host: string, probe: Probe<T>): Promise<T>;
  /** Forgets what is known of a host, or of all. */
  forget(host?: string): void;
}

/** An object as the store lists it. */
export interface StoredObject {
  key: string;
  /** Bytes. */
  size: number;
  /** undefined: the bucket has no versions; in a list always, which names none. */
  versionId?: string;
  etag?: string;
  /** ARN of the key of KMS that encrypts it; in a list never. */
  kmsKey?: string;
  /** UTC, ISO 8601. */
  modified: string;
}

/**
 * One bucket of an S3 endpoint. Errors: STORE_UNREACHABLE (nothing is known), STORE_REFUSED (its own words).
 * An object that is not there is undefined, never an error.
 */
export interface ObjectStore {
  readonly bucket: string;
  head(key: string, versionId?: string): Promise<StoredObject | undefined>;
  /** Whole, in memory: for manifests and parts. */
  get(key: string, versionId?: string): Promise<Uint8Array | undefined>;
  /** Chunk by chunk; an object that is cut off on the way throws STORE_UNREACHABLE. */
  stream(key: string, versionId?: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** `ifAbsent`: STORE_EXISTS when the key is taken, also by one that crossed on the way. Same bytes without versions: both wrote. */
  put(
    key: string,
    body: string | Uint8Array | { file: string },
    options?: { ifAbsent?: boolean },
  ): Promise<StoredObject>;
  /** Inside the endpoint; the bytes do not travel. */
  copy(from: { bucket: string; key: string; versionId?: string }, key: string): Promise<StoredObject>;
  /** All pages, sorted by key. */
  list(prefix: string): Promise<StoredObject[]>;
  /** Adds a delete marker where the bucket has versions. */
  remove(keys: readonly string[]): Promise<void>;
  close(): void;
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    uid?: string;
    generation?: number;
    deletionTimestamp?: string;
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

export interface KubeRef {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string;
}

export interface KubeQuery {
  apiVersion: string;
  kind: string;
  /** Absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
}

/** A cluster's API. Errors: CLUSTER_UNREACHABLE, CLUSTER_NO_KUBECONFIG, CLUSTER_REFUSED (the API's own words). */
export interface ClusterApi {
  /** GET of a raw path, as /readyz; the body. */
  raw(path: string): Promise<string>;
  /** Groups and versions whose kinds the API cannot tell just now, as 'metrics.k8s.io/v1beta1': whoever backs them up has errors. */
  stale(): Promise<string[]>;
  /** undefined: the API says that it is not there. */
  get(ref: KubeRef): Promise<KubeObject | undefined>;
  /** An unknown kind is an empty list: its definition is not installed. */
  list(query: KubeQuery): Promise<KubeObject[]>;
  /** Server-side apply with the one field manager `muster`. */
  apply(object: KubeObject): Promise<KubeObject>;
  /** Pods of a workload, and nothing else of it. Resolves when the API accepted it. */
  scale(ref: KubeRef, replicas: number): Promise<void>;
  /** Foreground deletion; resolves when the API accepted it. Absent is fine. */
  remove(ref: KubeRef): Promise<void>;
  /** The exit status is read from the protocol; a stream that ends without one is thrown as SHELL_LOST. */
  exec(
    pod: { namespace: string; name: string; container?: string },
    argv: readonly string[],
    options?: { stdin?: string; timeout?: Duration; keep?: number },
  ): Promise<ExecResult>;
  /** A connection to a port of a pod, as from the pod itself: no program is started there, as exec does. */
  dial(pod: { namespace: string; name: string }, port: number): Promise<Duplex>;
  close(): Promise<void>;
}
