/**
 * Pure. IAM counts characters: where a pattern means two of the actions or more, it stands for them. It means an action that
 * is not among them too, so that is for the caller to know.
 */
export function shortened(actions: readonly string[], patterns: readonly string[]): string[] {
  const useful = patterns.filter(pattern => actions.filter(action => means(pattern, action)).length > 1);
  return [...new Set(actions.map(action => useful.find(pattern => means(pattern, action)) ?? action))];
}

/** As IAM reads it: '*' is any characters. */
export const means = (pattern: string, action: string): boolean =>
  new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(action);
