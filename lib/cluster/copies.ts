/** Where a restore puts a namespace beside its original. */
export const copyOf = (namespace: string): string => `${namespace}-restored`;

/** Such a namespace, or something in it: it has its original's labels, and belongs to whoever looks at it. */
export const isInCopy = ({
  kind,
  metadata,
}: {
  kind: string;
  metadata: { name: string; namespace?: string };
}): boolean => ((kind === 'Namespace' ? metadata.name : metadata.namespace) ?? '').endsWith('-restored');
