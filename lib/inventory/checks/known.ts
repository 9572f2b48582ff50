/** What a check may know besides the inventory: data, handed in. */
export interface Known {
  /** The name of the file, without .yaml. */
  fileName: string;
  /** The k3s versions of artifacts/lock.yaml. */
  k3sVersions: readonly string[];
}
